"""What a signal and its gradient look like layer by layer before training."""

import altair as alt

from . import theme
from .panels import MOST_PANELS, arrange, facet, keys, line_series, place, power_axis, whole_axis
from .statistics import mean_interval, quartiles

SHARES = {"dead_fraction": "dead units (share)", "sparsity": "zero activations (share)"}
SIZES = {"mean_square": "activations (mean square)", "grad_rms": "gradient (RMS per parameter)"}


def by_depth(results):
    """Dead units, zero activations, size of the signal and of the gradient against the layer, before training."""
    if results.layers is None:
        return None
    layers = results.layers[results.layers["step"] == 0].dropna(subset=["dead_fraction"])  # hidden layers
    if layers["layer"].nunique() < 2:
        return None
    panels = arrange(results.lines)
    if panels.column and len(panels.shown(panels.column)) > MOST_PANELS:
        return None
    frame = place(layers, panels)
    frame["mean_square"] = frame["activation_mean"] ** 2 + frame["activation_std"] ** 2
    charts = [_lines(frame, panels, column, title) for column, title in {**SHARES, **SIZES}.items()
              if (frame[column] > 0).any()]
    charts = alt.concat(*charts, columns=1 if panels.column else 2)
    return theme.headed(charts, "The network before training, layer by layer",
                        "Shares: mean over seeds, band: 95 % interval; sizes: median over seeds, band: quartiles; "
                        f"{results.runs['seed'].nunique()} seeds", panels.note())


def _lines(frame, panels, column, title):
    roles = ["layer", *keys(panels)]
    if column in SHARES:
        table = mean_interval(frame, roles, column, 0, 1).rename(columns={"mean": "value"})
        scale, axis = alt.Scale(domain=[0, 1]), alt.Axis()
    else:
        table = quartiles(frame, roles, column).rename(columns={"median": "value"})
        table = table[table["low"] > 0]  # there is no logarithm of an exact zero
        scale, axis = alt.Scale(type="log", nice=False), power_axis(table["low"].min(), table["high"].max())
    series = line_series(panels)
    base = alt.Chart(table).encode(x=alt.X("layer:Q", title="layer", axis=whole_axis(table["layer"])),
                                   color=series["color"])
    y = alt.Y("value:Q", title=title, scale=scale, axis=axis)
    tooltip = [*roles, *[alt.Tooltip(name, format=".4g") for name in ("value", "low", "high")], "n"]
    line = base.mark_line(point=alt.OverlayMarkDef(size=22, filled=True)) if table["layer"].nunique() <= 30 else (
        base.mark_line())
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=title, scale=scale, axis=axis), y2="high:Q")
    chart = alt.layer(band, line.encode(y=y, tooltip=tooltip, **series))
    return facet(chart.properties(width=theme.SMALL_WIDTH, height=theme.SMALL_HEIGHT), panels)
