"""Which swept axes become colours and panels, and the parts that the line charts share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from . import theme
from .theme import Chart
from .view import Axis, label

MOST_PANELS = 4  # in a row or a column of a grid
MOST_WRAPPED = 16  # where one axis has all rows for itself
# What a setting differs in, on a line each; lists and objects stay whole.
HEADER = alt.Header(labelExpr="test(/[\\[(]/, datum.label) ? datum.label : split(datum.label, ', ')", labelLineHeight=13)


@dataclass(frozen=True)
class Panels:
    """The axes that tell series and panels apart; `pooled` are those that there was no room for."""

    series: Axis | None = None
    column: Axis | None = None
    row: Axis | None = None
    pooled: tuple[Axis, ...] = ()

    def note(self) -> str:
        """Says what is averaged over besides seeds, and which values of an axis are left out."""
        notes = [f"pooled over {axis.title}" for axis in self.pooled]
        notes += [f"{axis.title}: {len(self.shown(axis))} of {len(axis.values)} values shown"
                  for axis in (self.column, self.row) if axis and len(axis.values) > len(self.shown(axis))]
        return "; ".join(notes)

    def shown(self, axis: Axis) -> list[Any]:
        """The values of a column or row axis that have a panel: all, or evenly picked ones."""
        most = MOST_PANELS if self.row else MOST_WRAPPED
        if len(axis.values) <= most:
            return list(axis.values)
        picked = np.linspace(0, len(axis.values) - 1, most).round().astype(int)
        return [axis.values[index] for index in picked]


def arrange(given: Iterable[Axis], with_series: bool = True) -> Panels:
    """Gives the axes, most important first, their places: series, column, row."""
    axes = list(given)
    series = None
    if with_series:
        fitting = [axis for axis in axes if len(axis.values) <= 12]
        if fitting:
            series = fitting[0]
            axes.remove(series)
    column = axes.pop(0) if axes else None
    row = axes.pop(0) if axes else None
    return Panels(series, column, row, tuple(axes))


def place(frame: pd.DataFrame, panels: Panels) -> pd.DataFrame:
    """Adds the columns series, column and row (text) to a table that has the axes' own columns."""
    frame = frame.copy()
    for role in ("column", "row"):
        axis = getattr(panels, role)
        if axis:
            frame = frame[frame[axis.path].isin(panels.shown(axis))].copy()
            frame[role] = frame[axis.path].map(label)
    if panels.series:
        order = list(panels.series.values)  # lines are drawn in the order of the rows: solid ones below dashed ones
        frame = frame.sort_values(panels.series.path, key=lambda values: values.map(order.index), kind="stable")
        frame["series"] = frame[panels.series.path].map(label)
    return frame


def keys(panels: Panels) -> list[str]:
    """The columns that `place` adds."""
    return [role for role in ("series", "column", "row") if getattr(panels, role)]


def facet(chart: Any, panels: Panels) -> Chart:
    """The chart once per value of the panels' column and row axes."""
    facets: Chart = chart
    if not panels.column:
        return facets
    column, row = [alt.Facet(f"{role}:N", title=axis.title, sort=[label(value) for value in panels.shown(axis)],
                             header=HEADER)
                   if axis else None for role, axis in (("column", panels.column), ("row", panels.row))]
    facets = chart.facet(column=column, row=row) if row else chart.facet(facet=column, columns=columns(panels))
    return facets


def columns(panels: Panels) -> int:
    """How many panels are side by side."""
    number = len(panels.shown(panels.column)) if panels.column else 1
    return number if panels.row or number < 3 else 2 if number == 4 else 3


def size(panels: Panels) -> dict[str, int]:
    """Width and height of one panel: with its neighbours it fits a page."""
    if not panels.column:
        return {"width": theme.WIDTH, "height": theme.HEIGHT}
    axis_and_labels, gap = 75, 22
    width = (theme.PAGE - axis_and_labels) // columns(panels) - gap
    return {"width": min(width, theme.SMALL_WIDTH), "height": theme.SMALL_HEIGHT}


def y_title(panels: Panels, name: str, unit: str) -> str | list[str]:
    """The title of a y axis, on two lines where the panels are small."""
    return [name, f"({unit})"] if panels.column else f"{name} ({unit})"


def line_series(panels: Panels) -> dict[str, Any]:
    """The encodings of the series axis' lines, a plain colour where there is none."""
    if not panels.series:
        return {"color": alt.value(theme.CATEGORIES[0])}
    return theme.line_series([label(value) for value in panels.series.values], panels.series.title,
                             panels.series.numeric)


def layer_series(table: pd.DataFrame) -> dict[str, Any]:
    """The encodings of a line for each layer; names the layers in column `series`."""
    table["series"] = table["layer"].map(label)
    return theme.line_series([label(value) for value in sorted(table["layer"].dropna().unique())], "layer", ordered=True)


def step_axis(steps: pd.Series[int]) -> alt.X:
    """The x axis for training steps: linear, or logarithmic where the recorded steps grow like powers."""
    different = np.unique(steps.dropna())
    gaps = np.diff(different)
    title = "training step (updates)"
    if len(gaps) > 3 and gaps[-1] > 10 * gaps[0] and np.median(gaps[1:] / gaps[:-1]) > 1.05:
        ticks = [0, *(10.0 ** np.arange(np.log10(different[-1]) + 1e-9).astype(int))]
        return alt.X("step:Q", title=title, scale=alt.Scale(type="symlog", constant=1, nice=False),
                     axis=alt.Axis(values=ticks, labelExpr="format(datum.value, '~s')"))
    return alt.X("step:Q", title=title, scale=alt.Scale(nice=False), axis=counts(5))


def counts(ticks: int) -> alt.Axis:
    """Axis of a number of steps or examples: 0, 500, 1k."""
    return alt.Axis(tickCount=ticks, labelExpr="format(datum.value, '~s')")


def power_axis(lowest: float, highest: float) -> alt.Axis:
    """Axis of a logarithmic scale with ticks at powers of ten, few enough to read."""
    if highest < 20 * lowest:
        return alt.Axis(format=".4~g", tickCount=5)
    ticks = powers(lowest, highest)
    return alt.Axis(values=ticks, format=".4~g" if ticks[-1] >= 1e-4 and ticks[0] <= 1e4 else "~e")


def powers(lowest: float, highest: float) -> list[float]:
    """At most eight powers of ten in that range, from the highest down; there may be none."""
    first, last = np.ceil(np.log10(lowest) - 1e-9), np.floor(np.log10(highest) + 1e-9)
    stride = max(1, int((last - first) // 7 + 1))
    return [float(f"1e{power:.0f}") for power in np.arange(last, first - 1, -stride)]


def whole_axis(values: Iterable[Any]) -> alt.Axis:
    """Axis of layers or depths: a tick at each, where there is room."""
    values = sorted({int(value) for value in values})
    return alt.Axis(values=values, format="d") if len(values) <= 12 else alt.Axis(tickMinStep=1, format="d")


def axis_scale(axis: Axis) -> alt.Scale:
    """The scale of a numeric swept axis."""
    return alt.Scale(type="log", nice=False, padding=12) if axis.logarithmic else alt.Scale(
        zero=False, nice=False, padding=12)
