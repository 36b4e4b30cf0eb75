"""Outcomes at the end of training against what was swept: lines with intervals, heat map."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from . import published, theme
from .panels import arrange, axis_scale, facet, keys, line_series, place, power_axis, size, y_title
from .statistics import mean_interval
from .theme import Chart
from .view import Axis, View, label

SHARE = alt.Scale(domain=[0, 1])


def dead_fraction(view: View) -> Chart | None:
    """Share of dead units at the end against the learning rate, or the numeric axis with the most values."""
    axis = _main_axis(view)
    if axis is None or view.runs["dead_fraction"].isna().all():
        return None
    runs, others = view.lines_beside(axis)
    panels = arrange(others)
    roles = keys(panels)
    table = mean_interval(place(runs, panels), [axis.path, *roles], "dead_fraction", lowest=0, highest=1)
    table = published.beside(view, table, "dead_fraction", axis.path, panels, runs)
    table = table.rename(columns={axis.path: "x"})
    x = alt.X("x:Q", title=axis.title, scale=axis_scale(axis), axis=_ticks(axis))
    series = line_series(panels)
    base = published.measured(alt.Chart(table)).encode(x=x, color=series["color"])
    title = y_title(panels, "dead units", "share of all hidden units")
    share = theme.share(table[["mean", "high", "published"]])
    mean = alt.Y("mean:Q", title=title, scale=share)
    tooltip = [alt.Tooltip(name, format=".4g") for name in ("x", "mean", "low", "high")] + ["n:Q"]
    chart = alt.layer(base.mark_errorbar(ticks=True).encode(y=alt.Y("low:Q", title=title, scale=share), y2="high:Q"),
                      base.mark_line().encode(y=mean, **series),
                      base.mark_point(filled=True, size=50, opacity=1).encode(y=mean, tooltip=tooltip),
                      *published.layers(table, x, mean, color=series["color"]))
    return theme.headed(facet(chart.properties(**size(panels)), panels), f"Dead units against {axis.title}",
                        f"Mean over seeds and its 95 % interval; {describe_runs(view)}", panels.note())


def heat_map(view: View) -> Chart | None:
    """Share of dead units at the end over two axes, with half the width of its 95 % interval in each cell."""
    axis = _main_axis(view)
    others = [other for other in view.axes if other is not axis]
    if axis is None or not others or view.runs["dead_fraction"].isna().all():
        return None
    second = next((other for other in others if other.numeric), others[0])
    rest = arrange([other for other in others if other is not second], with_series=False)
    roles = [axis.path, second.path, *keys(rest)]
    runs = place(view.runs, rest)
    table = mean_interval(runs, roles, "dead_fraction", lowest=0, highest=1)
    cells = runs.groupby(roles, sort=False).size().rename("runs").reset_index()
    table = cells.merge(table, on=roles, how="left")
    table["x"], table["y"] = table[axis.path].map(label), table[second.path].map(label)
    table["text"] = [_cell(row) for row in table.itertuples()]
    table = table.drop(columns=[axis.path, second.path])
    chart = _cells(table, axis, second, bool(keys(rest)))
    return theme.headed(facet(chart, rest), f"Dead units by {axis.title} and {second.title}",
                        "Mean share of dead hidden units at the end, ± half its 95 % interval over seeds; grey: every "
                        "run diverged", describe_runs(view), rest.note())


def describe_runs(view: View, runs: pd.DataFrame | None = None) -> str:
    """How many runs a chart is about, and how many of them have no final numbers."""
    runs = view.runs if runs is None else runs
    diverged = int((runs["status"] == "diverged").sum())
    text = f"{len(runs)} runs, {runs['seed'].nunique()} seeds"
    return f"{text}; {diverged} diverged runs are left out" if diverged else text


def _main_axis(view: View) -> Axis | None:
    numeric = [axis for axis in view.axes if axis.numeric]
    rates = [axis for axis in numeric if axis.path.endswith("learning_rate")]
    return next(iter(rates or sorted(numeric, key=lambda axis: -len(axis.values))), None)


def _ticks(axis: Axis) -> alt.Axis:
    if len(axis.values) <= 9:
        return alt.Axis(values=list(axis.values), format=".4~g", labelOverlap="greedy")
    return power_axis(axis.values[0], axis.values[-1]) if axis.logarithmic else alt.Axis(format=".4~g")


def _cell(row: Any) -> str:
    if row.mean != row.mean:
        return "diverged"
    half = (row.high - row.low) / 2
    return f"{row.mean:.2f}" if half != half else f"{row.mean:.2f} ±{half:.2f}"


def _cells(table: pd.DataFrame, axis: Axis, second: Axis, small: bool) -> Chart:
    def order(one: Axis, descending: bool = False) -> list[str]:
        values = [label(value) for value in one.values]
        return values[::-1] if descending else values

    side = 46 if small else 66
    x = alt.X("x:O", title=axis.title, sort=order(axis), axis=alt.Axis(labelAngle=0))
    y = alt.Y("y:O", title=second.title, sort=order(second, descending=second.numeric))
    tooltip = ["x", "y", alt.Tooltip("mean", format=".4g"), alt.Tooltip("low", format=".4g"),
               alt.Tooltip("high", format=".4g"), alt.Tooltip("n", title="runs not diverged"), "runs"]
    shade = alt.Color("mean:Q", title="dead units (share)",
                      scale=alt.Scale(scheme=theme.SEQUENTIAL, domain=[0, 1]))
    base = alt.Chart(table).encode(x=x, y=y)
    cells = base.mark_rect(invalid=None).encode(
        color=alt.condition("datum.text == 'diverged'", alt.value("#d9d9d9"), shade), tooltip=tooltip)
    layers = [cells]
    if len(axis.values) <= 12 and not small:
        layers.append(base.mark_text(fontSize=10).encode(
            text="text", color=alt.condition("datum.text != 'diverged' && datum.mean < 0.6", alt.value("white"),
                                              alt.value("black"))))
    return alt.layer(*layers).properties(width=side * len(axis.values), height=0.6 * side * len(second.values))
