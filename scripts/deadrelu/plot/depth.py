"""What a signal and its gradient look like layer by layer before training."""

from __future__ import annotations

import altair as alt
import pandas as pd

from . import published, theme
from .panels import MOST_PANELS, Panels, arrange, facet, keys, line_series, place, power_axis, size, whole_axis
from .statistics import mean_interval, quartiles
from .theme import Chart
from .view import View

SHARES = {"dead_fraction": "dead units (share)", "sparsity": "zero activations (share)"}
SIZES = {"mean_square": "activations (mean square)", "grad_rms": "gradient (RMS per parameter)"}


def by_depth(view: View) -> Chart | None:
    """Dead units, zero activations, size of the signal and of the gradient against the layer, before training."""
    found = view.table("layers")
    if found is None:
        return None
    layers = found[found["step"] == 0].dropna(subset=["dead_fraction"])  # hidden layers
    if layers["layer"].nunique() < 2:
        return None
    panels = arrange(view.lines)
    if panels.column and len(panels.shown(panels.column)) > MOST_PANELS:
        return None
    frame = place(layers, panels)
    frame["mean_square"] = frame["activation_mean"] ** 2 + frame["activation_std"] ** 2
    tables = {column: published.beside(view, _summary(frame, panels, column), column, "layer", panels, step=0)
              for column in (*SHARES, *SIZES)}
    # There is no logarithm of an exact zero.
    shown = {column: table[~(table["low"] <= 0)] if column in SIZES else table for column, table in tables.items()}
    charts = [_lines(table, panels, column) for column, table in shown.items() if (table["value"] > 0).any()]
    if not charts:
        return None
    hidden = sum(len(tables[column]) - len(shown[column]) for column in SIZES)
    return theme.headed(alt.concat(*charts, columns=1 if panels.column else 2),
                        "The network before training, layer by layer",
                        "Shares: mean over seeds, band: 95 % interval; sizes: median over seeds, band: quartiles; "
                        f"{view.runs['seed'].nunique()} seeds", panels.note(),
                        "where a quartile is exactly 0, a logarithmic scale shows nothing" if hidden else "")


def _summary(frame: pd.DataFrame, panels: Panels, column: str) -> pd.DataFrame:
    roles = ["layer", *keys(panels)]
    if column in SHARES:
        return mean_interval(frame, roles, column, 0, 1).rename(columns={"mean": "value"})
    return quartiles(frame, roles, column).rename(columns={"median": "value"})


def _lines(table: pd.DataFrame, panels: Panels, column: str) -> Chart:
    if column in SHARES:
        scale, axis = theme.share(table[["value", "high", "published"]]), alt.Axis()
    else:
        scale, axis = alt.Scale(type="log", nice=False), power_axis(table["low"].min(), table["high"].max())
    series = line_series(panels)
    x = alt.X("layer:Q", title="layer", axis=whole_axis(table["layer"].dropna()))
    base = published.measured(alt.Chart(table)).encode(x=x, color=series["color"])
    title = {**SHARES, **SIZES}[column]
    y = alt.Y("value:Q", title=title, scale=scale, axis=axis)
    tooltip = ["layer", *keys(panels), *[alt.Tooltip(name, format=".4g") for name in ("value", "low", "high")], "n"]
    line = base.mark_line(point=alt.OverlayMarkDef(size=22, filled=True)) if table["layer"].nunique() <= 30 else (
        base.mark_line())
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=title, scale=scale, axis=axis), y2="high:Q")
    chart = alt.layer(band, line.encode(y=y, tooltip=tooltip, **series),
                      *published.layers(table, x, y, color=series["color"]))
    small = size(panels) if panels.column else {"width": theme.SMALL_WIDTH, "height": theme.SMALL_HEIGHT}
    return facet(chart.properties(**small), panels)
