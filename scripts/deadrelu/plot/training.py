"""What happens while training: loss, dead units and gradients by layer, over steps; errors over an online stream."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from . import published, theme
from .panels import (Panels, arrange, counts, facet, keys, layer_series, line_series, place, power_axis, powers, size,
                     step_axis, y_title)
from .statistics import mean_interval, quartiles
from .theme import Chart
from .view import View


def loss(view: View) -> Chart | None:
    """Training loss over steps: median and quartiles over seeds."""
    metrics = view.table("metrics")
    if metrics is None or metrics["step"].nunique() < 2:
        return None
    panels = arrange(view.lines)
    frame = place(metrics, panels)
    table = quartiles(frame, ["step", *keys(panels)], "train_loss")
    table = published.beside(view, table, "train_loss", "step", panels)
    chart, note = _on_log_scale(table, "training loss", line_series(panels), _detail(panels))
    if chart is None:
        return None
    return theme.headed(facet(chart.properties(**size(panels)), panels), "Training loss",
                        f"Median over seeds, band: quartiles; {_runs(view)}", note, panels.note())


def dead_by_layer(view: View) -> Chart | None:
    """Share of dead units of each layer over steps."""
    return _by_layer(view, "dead_fraction", "dead units", "share of the layer", "Dead units by layer")


def gradient_by_layer(view: View) -> Chart | None:
    """Gradient norm of each layer over steps, on a logarithmic scale."""
    layers = _layers_over_steps(view)
    if layers is None:
        return None
    panels = arrange(view.lines, with_series=False)
    frame = place(layers, panels)
    table = quartiles(frame, ["step", "layer", *keys(panels)], "grad_norm")
    table = published.beside(view, table, "grad_norm", "step", panels, series="layer")
    title = y_title(panels, "gradient norm of the layer", "L2")
    chart, note = _on_log_scale(table, title, layer_series(table), ["layer"])
    if chart is None:
        return None
    return theme.headed(facet(chart.properties(**size(panels)), panels), "Gradient by layer",
                        f"Norm of the batch gradient: median over seeds, band: quartiles; {_runs(view)}", note,
                        panels.note())


def stream_error(view: View) -> Chart | None:
    """Error over an online stream, bin by bin, and beside it the units that are silent for a whole bin."""
    return _online(view, "stream", ("to", "examples seen"),
                   [("loss", "error", "mean loss of the bin"), ("accuracy", "accuracy", "share of the bin"),
                    ("silent_fraction", "silent units", "share of hidden units")], "Error over the stream", "bin")


def task_error(view: View) -> Chart | None:
    """Error from task to task while each is learned, and beside it the units that are dead at its end."""
    return _online(view, "tasks", ("task", "task"),
                   [("online_loss", "error", "mean loss before each update"),
                    ("online_accuracy", "accuracy", "share before each update"),
                    ("dead_fraction", "dead units", "share of hidden units at the end")], "Error from task to task", "task")


def _online(view: View, name: str, along: tuple[str, str], wanted: list[tuple[str, str, str]], title: str,
            piece: str) -> Chart | None:
    rows = view.table(name)
    if rows is None:
        return None
    panels = arrange(view.lines)
    frame = place(rows, panels)
    charts = []
    for column, what, unit in wanted:
        if column not in frame or frame[column].isna().all():
            continue
        is_loss = column.endswith("loss")
        table = mean_interval(frame, [along[0], *keys(panels)], column, 0, None if is_loss else 1)
        table = published.beside(view, table, column, along[0], panels)
        x = alt.X(f"{along[0]}:Q", title=along[1], axis=counts(6))
        y = alt.Y("mean:Q", title=[what, f"({unit})"], scale=alt.Scale(zero=not is_loss))
        lines = _lines(table, x, y, line_series(panels), _detail(panels)).properties(
            **(size(panels) if panels.column else {"width": theme.SMALL_WIDTH, "height": theme.SMALL_HEIGHT}))
        charts.append(facet(lines, panels))
    return theme.headed(alt.concat(*charts, columns=1 if panels.column else 2), title,
                        f"Mean over seeds in each {piece}, band: 95 % interval; {_runs(view)}", panels.note())


def _by_layer(view: View, column: str, name: str, unit: str, title: str) -> Chart | None:
    layers = _layers_over_steps(view)
    if layers is None:
        return None
    panels = arrange(view.lines, with_series=False)
    frame = place(layers.dropna(subset=[column]), panels)  # the output layer has no units to die
    table = mean_interval(frame, ["step", "layer", *keys(panels)], column, 0, 1)
    table = published.beside(view, table, column, "step", panels, series="layer")
    y = alt.Y("mean:Q", title=y_title(panels, name, unit), scale=theme.share(table[["high", "mean", "published"]]))
    chart = _lines(table, step_axis(table["step"]), y, layer_series(table), ["layer"]).properties(**size(panels))
    return theme.headed(facet(chart, panels), title,
                        f"Mean over seeds, band: 95 % interval; a diverged run counts until it does; {_runs(view)}",
                        panels.note())


def _layers_over_steps(view: View) -> pd.DataFrame | None:
    layers = view.table("layers")
    return layers if layers is not None and layers["step"].nunique() > 1 else None


def _on_log_scale(table: pd.DataFrame, title: str | list[str], series: dict[str, Any],
                  detail: list[str]) -> tuple[Chart | None, str]:
    """Median and quartiles over steps on a logarithmic scale, and a sentence on what lies outside of it.

    Exact zeros lie on a line of their own below everything else. What explodes leaves the scale at 10⁴ times the
    largest first value, since a loss of 1e25 would leave no room for the others. (None, "") without a positive value.
    """
    values = table[["median", "low", "high", "published"]].to_numpy()
    positive = values[values > 0]
    if not len(positive):
        return None, ""
    has_zero = bool((values == 0).any())
    lowest = 10.0 ** (np.floor(np.log10(positive.min())) - 1) if has_zero else positive.min()
    highest = min(positive.max(), 1e4 * table.loc[table["step"] == table["step"].min(), "median"].max())
    highest = max(highest, table["published"].max()) if table["published"].notna().any() else highest
    if highest <= lowest:
        highest = positive.max()
    notes = ["at the bottom, 0 is exactly zero"] if has_zero else []
    if positive.max() > highest:
        notes.append(f"values over {highest:.0e} lie outside")
    shown = {name: table[name].clip(lower=lowest, upper=highest) for name in ("median", "low", "high", "published")}
    scale = alt.Scale(type="log", domain=[float(lowest), float(highest)], nice=False)
    axis = power_axis(lowest, highest)
    if has_zero:
        axis.labelExpr = f"datum.value < {float(lowest) * 1.5} ? '0' : datum.label"
        axis.values = [*(powers(positive.min(), highest) or [float(highest)]), float(lowest)]
    y = alt.Y("median:Q", title=title, scale=scale, axis=axis)
    return _lines(table.assign(**shown), step_axis(table["step"]), y, series, detail), "; ".join(notes)


def _lines(table: pd.DataFrame, x: alt.X, y: alt.Y, series: dict[str, Any], detail: list[str]) -> Chart:
    across, up = x.to_dict(), y.to_dict()
    assert isinstance(across, dict) and isinstance(up, dict)
    center = up["field"]
    base = published.measured(alt.Chart(table)).encode(x=x, color=series["color"], detail=detail)
    low = alt.Y("low:Q", title=up["title"], scale=alt.Scale(**up.get("scale", {})))
    tooltip = [alt.Tooltip(across["field"], type="quantitative"), *[alt.Tooltip(f"{one}:N") for one in detail],
               *[alt.Tooltip(f"{one}:Q", format=".4g") for one in (center, "low", "high", "n")]]
    few = table[across["field"]].nunique() <= 30
    line = base.mark_line(point=alt.OverlayMarkDef(size=22, filled=True) if few else False)
    line = line.encode(y=y, tooltip=tooltip, **series)
    return alt.layer(base.mark_area(opacity=0.2).encode(y=low, y2="high:Q"), line,
                     *published.layers(table, x, y, color=series["color"]))


def _detail(panels: Panels) -> list[str]:
    return ["series"] if panels.series else []


def _runs(view: View) -> str:
    runs = view.runs
    diverged = int((runs["status"] == "diverged").sum())
    return f"{len(runs)} runs, {runs['seed'].nunique()} seeds" + (f", {diverged} diverged" if diverged else "")
