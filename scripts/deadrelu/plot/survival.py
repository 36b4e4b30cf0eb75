"""How long units live, as `deadrelu survival` estimates it: the share that has not died yet, over training steps."""

from __future__ import annotations

import altair as alt
import pandas as pd

from . import theme
from .panels import arrange, facet, keys, layer_series, line_series, place, size, step_axis, y_title
from .theme import Chart
from .view import View


def survival(view: View) -> Chart | None:
    """Kaplan-Meier curve (1958) of units until they first die: a line for each value of a swept key, else each layer.

    Needs the table of deaths or of units.
    """
    by = [axis.path for axis in view.axes] or ["layer"]
    table = view.asked("survival", *[f"--by={path}" for path in by])
    if table.empty:
        return None
    born = table.groupby(by, sort=False, as_index=False).first().assign(time=0, survival=1, low=float("nan"), high=float("nan"))
    table = pd.concat([born, table]).rename(columns={"time": "step"})
    panels = arrange(view.lines)
    table = place(table, panels)
    series = line_series(panels) if view.axes else layer_series(table)
    share = alt.Scale(domain=[0, 1])
    title = y_title(panels, "units not dead so far", "share of those alive at first")
    metrics = view.table("metrics")
    x = step_axis((table if metrics is None else metrics)["step"])  # runs diverge between the recorded steps
    base = alt.Chart(table).encode(x=x, color=series["color"])
    tooltip = [*(keys(panels) or ["layer:O"]), "step",
               *[alt.Tooltip(name, type="quantitative", format=".4g") for name in ("survival", "low", "high", "n_risk")]]
    chart = alt.layer(
        base.mark_area(opacity=0.2, interpolate="step-after").encode(y=alt.Y("low:Q", title=title, scale=share),
                                                                     y2="high:Q"),
        base.mark_line(interpolate="step-after").encode(y=alt.Y("survival:Q", title=title, scale=share), tooltip=tooltip,
                                                        **series)).properties(**size(panels))
    return theme.headed(facet(chart, panels), "Survival of units",
                        f"Kaplan–Meier estimate of the time of the first death; band: 95 % interval, clustered by run; "
                        f"units are watched until their run ends or diverges, or they are reset; "
                        f"{view.runs['seed'].nunique()} seeds", panels.note())
