"""How long units live: the share of units that have not died yet, over training steps."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import theme
from .panels import arrange, facet, keys, layer_series, place, size, step_axis, y_title
from .theme import Chart
from .view import View

RESAMPLES = 400


def survival(view: View) -> Chart | None:
    """Kaplan-Meier curve (1958) of units until they first die, by layer; needs the table of units."""
    found = view.table("units")
    if found is None or found["step"].nunique() < 2:
        return None
    panels = arrange(view.lines, with_series=False)
    units = place(found, panels)
    groups = ["layer", *keys(panels)]
    curves: list[pd.DataFrame] = []
    for names, group in units.groupby(groups, sort=False):
        values: dict[str, Any] = dict(zip(groups, names))
        curves.append(survival_curve(group).assign(**values))
    table = pd.concat(curves, ignore_index=True)
    series = layer_series(table)
    share = alt.Scale(domain=[0, 1])
    title = y_title(panels, "units not dead so far", "share of the layer")
    y = alt.Y("alive:Q", title=title, scale=share)
    tooltip = ["layer:O", "step", *[alt.Tooltip(name, format=".4g") for name in ("alive", "low", "high")], "units"]
    base = alt.Chart(table).encode(x=step_axis(table["step"]), color=series["color"])
    chart = alt.layer(
        base.mark_area(opacity=0.2, interpolate="step-after").encode(y=alt.Y("low:Q", title=title, scale=share),
                                                                     y2="high:Q"),
        base.mark_line(interpolate="step-after").encode(y=y, tooltip=tooltip, **series)).properties(**size(panels))
    alone = units["run_id"].nunique() == len(units.groupby(groups)) / units["layer"].nunique()
    band = "one run each, so no interval" if alone else "band: 95 % interval, bootstrap over runs"
    return theme.headed(facet(chart, panels), "Survival of units",
                        f"Kaplan–Meier estimate of the time of the first death; {band}; units of diverged runs count "
                        f"until then; {view.runs['seed'].nunique()} seeds", panels.note())


def survival_curve(units: pd.DataFrame) -> pd.DataFrame:
    """step, alive, low, high, units: the share of units not dead at any recorded step so far.

    Units of a run share its fate, so the interval comes from drawing whole runs again (with a fixed seed); with one
    run there is none.
    """
    died, at_risk, steps = _counts(units)
    curve = _product_limit(died.sum(axis=0), at_risk.sum(axis=0))
    table = pd.DataFrame({"step": steps, "alive": curve, "units": int(at_risk[:, 0].sum())})
    if len(died) > 1:
        drawn = np.random.default_rng(0).multinomial(len(died), np.full(len(died), 1 / len(died)), RESAMPLES)
        curves = _product_limit(drawn @ died, drawn @ at_risk)
        table["low"], table["high"] = np.quantile(curves, [0.025, 0.975], axis=0)
    else:
        table["low"] = table["high"] = np.nan
    return table


def _counts(units: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """First deaths and units at risk, [run][step], and the recorded steps."""
    steps = np.sort(units["step"].unique())
    one = ["run_id", "layer", "unit"]
    last = units.groupby(one)["step"].max().rename("last")
    first = units[units["dead"] == 1].groupby(one)["step"].min().rename("first")
    lives = pd.concat([last, first], axis=1).reset_index()
    run = lives["run_id"].astype("category").cat.codes.to_numpy()
    died = np.zeros((run.max() + 1, len(steps)))
    at_risk = np.zeros_like(died)
    end = np.searchsorted(steps, lives["first"].fillna(lives["last"]))
    np.add.at(died, (run[lives["first"].notna()], end[lives["first"].notna()]), 1)
    leaving = np.zeros_like(died)
    np.add.at(leaving, (run, end), 1)
    at_risk[:] = leaving[:, ::-1].cumsum(axis=1)[:, ::-1]
    return died, at_risk, steps


def _product_limit(died: NDArray[Any], at_risk: NDArray[Any]) -> NDArray[Any]:
    return np.cumprod(1 - np.divide(died, at_risk, out=np.zeros_like(died, dtype=float), where=at_risk > 0), axis=-1)
