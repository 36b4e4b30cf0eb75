"""The share of runs that fall against a dose, as `deadrelu critical` has searched for the dose at which half of them do."""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd

from . import theme
from .panels import arrange, facet, keys, line_series, place, power_axis, size, y_title
from .theme import Chart
from .view import View


def dose_response(view: View) -> Chart | None:
    """Runs that fall at each dose, the fitted curve, and the critical dose with its interval."""
    try:
        found = json.loads((view.results.directory / "critical.json").read_bytes())
    except FileNotFoundError:
        return None
    axis = view.axis(found["vary"])
    if axis is None:
        return None
    runs, others = view.lines_beside(axis)
    panels = arrange(others)
    fallen = view.results.query(f"SELECT run_id, coalesce({found['sql']}, 0) AS fallen FROM runs")
    runs = place(runs.merge(fallen, on="run_id"), panels)
    roles = keys(panels)
    doses = runs.groupby([axis.path, *roles], sort=False)["fallen"].agg(["sum", "count"]).reset_index()
    doses["share"] = doses["sum"] / doses["count"]
    doses = doses.rename(columns={axis.path: "dose", "count": "n"})
    critical = pd.DataFrame(found["doses"]).drop(columns="note")
    paths = [other.path for other in view.axes if other is not axis]
    critical = view.readable(critical).merge(runs[[*dict.fromkeys([*paths, *roles])]].drop_duplicates(),
                                             on=paths) if paths else critical
    critical["half"] = 0.5
    logarithmic = found["scale"] == "log"
    scale = alt.Scale(type="log" if logarithmic else "linear", nice=False, padding=12)
    ticks = power_axis(doses["dose"].min(), doses["dose"].max()) if logarithmic else alt.Axis()
    x = alt.X("dose:Q", title=axis.title, scale=scale, axis=ticks)
    y = alt.Y("share:Q", title=y_title(panels, "runs that fall", "share"), scale=alt.Scale(domain=[0, 1]))
    series = line_series(panels)
    points = alt.Chart().mark_point(filled=True, opacity=1).encode(
        x=x, y=y, color=series["color"], size=alt.Size("n:Q", title="runs at a dose", scale=alt.Scale(range=[10, 90])),
        tooltip=[*roles, "dose", alt.Tooltip("share:Q", format=".3g"), "n:Q"])
    grid = _grid(doses["dose"].min(), doses["dose"].max(), logarithmic)
    curves = pd.concat([doses.assign(kind="runs"), _curves(critical, grid, logarithmic).assign(kind="curve"),
                        critical.rename(columns={"critical": "dose", "half": "share"}).assign(kind="half")])
    line = alt.Chart().mark_line(clip=True).encode(x=x, y=y, **series)
    interval = alt.Chart().mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", title=axis.title), x2="high:Q", y=y,
                                                          color=series["color"])
    chart = alt.layer(line.transform_filter("datum.kind == 'curve'"), points.transform_filter("datum.kind == 'runs'"),
                      interval.transform_filter("datum.kind == 'half'"), data=curves).properties(**size(panels))
    return theme.headed(facet(chart, panels), f"Runs that fall, against {axis.title}",
                        f"A fall: {found['outcome']}; curve: logistic; bar at one half: 95 % interval of the critical "
                        f"{axis.title}; {len(runs)} runs", panels.note())


def _grid(lowest: float, highest: float, logarithmic: bool) -> list[float]:
    return list(np.geomspace(lowest, highest, 101) if logarithmic else np.linspace(lowest, highest, 101))


def _curves(critical: pd.DataFrame, doses: list[float], logarithmic: bool) -> pd.DataFrame:
    """The fitted curves; none where the doses separate the runs."""
    fitted = critical.dropna(subset=["slope"]).merge(pd.DataFrame({"dose": doses}), how="cross")
    x, half = (np.log10(fitted[name]) if logarithmic else fitted[name] for name in ("dose", "critical"))
    return fitted.assign(share=1 / (1 + np.exp(-fitted["slope"] * (x - half))))
