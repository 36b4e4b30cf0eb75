"""Settings compared row by row: the league table of activations, and how the runs of any setting end."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from . import published, theme
from .panels import Panels
from .theme import Chart
from .view import Axis, View, label
from .statistics import mean_interval, quartiles, share_interval
from .sweep import SHARE, describe_runs

FATES = {"born_dead": "born dead (share of runs)", "collapsed": "collapsed (share of runs)",
         "diverged": "diverged (share of runs)"}
MOST_SETTINGS = 24
MOST_POINTS = 4
LABEL = 40  # letters of a line of a row's name
# What remedies are compared by: how well the network does, of which two are shown, and what becomes of its units.
WELL = {"online_accuracy": "online accuracy", "online_loss": "online loss", "test_accuracy": "test accuracy",
        "test_loss": "test loss", "train_accuracy": "training accuracy", "train_loss": "training loss"}
OUTCOMES = {**WELL, "dead_fraction": "dead units at the end (share)", "deaths": "deaths (units)",
            "revivals": "revivals (units)"}


def league(view: View) -> Chart | None:
    """Activations compared: dead units, loss, accuracy, diverged runs; each with its best setting of the other axes."""
    axis = view.axis("model.activation") or view.axis("model.activation.name")
    if axis is None:
        return None
    runs, others = _at_their_best(view, axis)
    runs = runs.assign(diverged=(runs["status"] == "diverged").astype(int))
    panels = [
        (mean_interval(runs, [axis.path], "dead_fraction", 0, 1), "dead_fraction", "mean", "dead units (share)", SHARE),
        (quartiles(runs, [axis.path], "train_loss"), "train_loss", "median", "training loss (median, quartiles)",
         _loss_scale(runs)),
        (mean_interval(runs, [axis.path], "test_accuracy", 0, 1), "test_accuracy", "mean", "test accuracy (share)", SHARE),
        (share_interval(runs, [axis.path], "diverged"), "diverged", "mean", "diverged runs (share)", SHARE),
    ]
    loss = runs.groupby(axis.path)["train_loss"].median().sort_values(na_position="last")
    order = [_name(value) for value in loss.index]
    panels = [panel for panel in panels if len(panel[0])]
    grid = _Grid.of(len(panels), order)
    charts = [_dots(_rows(view, table.rename(columns={value: "value"}), column, axis, runs), title, scale, order, grid, panel)
              for panel, (table, column, value, title, scale) in enumerate(panels)]
    chosen = f"; each at its best {' and '.join(other.title for other in others)} by median loss" if others else ""
    return theme.headed(grid.chart(charts), "Activations compared",
                        f"Sorted by loss; bars: 95 % intervals over seeds (of the loss: quartiles){chosen}; "
                        f"{describe_runs(view, runs)}")


def outcomes(view: View) -> Chart | None:
    """How the runs of each setting end: dead units, networks born dead, collapsed, diverged."""
    runs = view.runs.assign(diverged=(view.runs["status"] == "diverged").astype(int),
                               setting=view.settings if view.axes else "all runs")
    order = [_name(value) for value in runs["setting"].unique()]
    fates = dict(FATES)
    if not runs["steps"].any():
        del fates["collapsed"]  # what was not trained has not collapsed
    if len(order) > MOST_SETTINGS:
        return None
    tables = [(mean_interval(runs, ["setting"], "dead_fraction", 0, 1), "dead_fraction", "dead units (share)")]
    tables += [(share_interval(runs, ["setting"], column), column, title) for column, title in fates.items()
               if runs[column].any()]
    axis = Axis("setting", tuple(runs["setting"].unique()), False)
    tables = [found for found in tables if len(found[0])]
    grid = _Grid.of(len(tables), order)
    charts = [_dots(_rows(view, table.rename(columns={"mean": "value"}), column, axis, runs), title, SHARE, order, grid,
                    panel) for panel, (table, column, title) in enumerate(tables)]
    rows = " · ".join(axis.title for axis in view.axes)
    return theme.headed(grid.chart(charts), "How the runs end",
                        f"Rows: {rows}" if rows else "", "Bars: 95 % intervals over seeds (of shares of runs: "
                        f"Wilson's); {describe_runs(view)}")


def remedies(view: View) -> Chart | None:
    """What each remedy changes, paired over seeds, with its 95 % interval: `deadrelu compare`."""
    axis = next((axis for axis in view.axes if axis.path.split(".")[0] == "remedy"), None)
    if axis is None:
        return None
    others = [other for other in view.axes if other is not axis]
    several = math.prod(len(other.values) for other in others) > MOST_POINTS
    options = [f"--by={path}" for path in view.decided_by(axis)] + ["--average"] * several
    table = view.asked("compare", *options)
    if table.empty:
        return None
    table = table.assign(
        remedy=table[axis.path].map(_name),
        series="" if several or not others else table[[other.path for other in others]].map(label).agg(" · ".join, axis=1))
    order = [_name(value) for value in axis.values if value in set(table[axis.path])]
    found = [name for name in OUTCOMES if name in set(table["outcome"])]
    panels = [name for name in found if name in WELL][:2] + [name for name in found if name not in WELL]
    grid = _Grid.of(len(panels), order)
    series = " · ".join(other.title for other in others)
    charts = [_differences(table[table["outcome"] == name], OUTCOMES[name], order, series, grid, panel)
              for panel, name in enumerate(panels)]
    pooled = f"; averaged over {', '.join(other.title for other in others)}" if several else ""
    return theme.headed(grid.chart(charts), "What the remedies change",
                        f"Difference from {table['baseline'].iloc[0]}, paired over seeds, and its 95 % interval"
                        f"{pooled}; {describe_runs(view)}")


def _differences(table: pd.DataFrame, name: str, order: list[str], series: str, grid: _Grid,
                 panel: int) -> Chart:
    title = grid.title(name)
    points = list(dict.fromkeys(table["series"]))
    base = alt.Chart(table).encode(
        y=alt.Y("remedy:N", sort=order, title=None, axis=grid.names(panel), scale=alt.Scale(domain=order)),
        yOffset=alt.YOffset("series:N", sort=points), color=theme.series_colour(points, series) if points[1:] else
        alt.value(theme.CATEGORIES[0]))
    x = alt.X("difference:Q", title=title, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True))
    tooltip = ["remedy", "series", *[alt.Tooltip(f"{name}:Q", format=".4g") for name in (
        "difference", "low", "high", "p", "p_holm", "baseline_mean", "mean", "pairs")]]
    bars = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color="black", strokeDash=[4, 4]).encode(x="x:Q")
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(x=x, tooltip=tooltip)
    return alt.layer(zero, bars, dots).properties(width=grid.width, height=grid.height(order, len(points)))


@dataclass(frozen=True)
class _Grid:
    """Panels with the same named rows, as many side by side as fit a page; the first one says the names."""

    across: int
    width: int

    @classmethod
    def of(cls, panels: int, names: list[str]) -> _Grid:
        free = theme.PAGE - 30 - 6 * max(len(line) for name in names for line in name.splitlines())
        across = max(1, min(3, int(free / 118)))
        across = math.ceil(panels / math.ceil(panels / across))  # 4 panels are 2 and 2
        return cls(across, int(min(200, free / across - 12)))

    def names(self, panel: int) -> alt.Axis:
        first = panel % self.across == 0
        return alt.Axis(labels=first, ticks=first, grid=True, labelLimit=0, labelOverlap=False,
                        labelExpr="split(datum.label, '\\n')")

    def height(self, names: list[str], points: int = 1) -> int:
        return len(names) * max(10 + 8 * points, *(4 + 13 * len(name.splitlines()) for name in names))

    def title(self, text: str) -> list[str]:
        return textwrap.wrap(text, int(self.width / theme.LETTER))

    def chart(self, panels: list[Chart]) -> Chart:
        rows = [alt.hconcat(*panels[first:first + self.across], spacing=12) for first in range(0, len(panels), self.across)]
        return alt.vconcat(*rows)


def _at_their_best(view: View, axis: Axis) -> tuple[pd.DataFrame, list[Axis]]:
    others = [other for other in view.axes if other is not axis]
    if not others:
        return view.runs, others
    paths = [other.path for other in others]
    runs = view.runs
    loss = runs.assign(loss=runs["train_loss"].fillna(float("inf"))).groupby([axis.path, *paths], sort=False)["loss"]
    best = loss.median().reset_index().sort_values("loss", kind="stable").drop_duplicates(axis.path)
    return runs.merge(best[[axis.path, *paths]], on=[axis.path, *paths]), others


def _loss_scale(runs: pd.DataFrame) -> alt.Scale:
    loss = runs["train_loss"].dropna()
    wide = len(loss) and loss.min() > 0 and loss.max() > 20 * loss.min()
    return alt.Scale(type="log", padding=8) if wide else alt.Scale(zero=True)


def _rows(view: View, table: pd.DataFrame, column: str, axis: Axis, runs: pd.DataFrame) -> pd.DataFrame:
    """The table with its rows' names as `series`, and with what was published of a column."""
    rows = published.beside(view, table.assign(series=table[axis.path].map(_name)), column, "", Panels(series=axis),
                            runs.assign(setting="") if "setting" not in runs else runs)
    return rows.assign(series=rows["series"].map(_name))


def _name(value: Any) -> str:
    """A row's name, on several lines where it is long."""
    return "\n".join(textwrap.wrap(label(value), LABEL))


def _dots(table: pd.DataFrame, name: str, scale: alt.Scale, order: list[str], grid: _Grid, panel: int) -> Chart:
    """One row of `series` a value, with its interval; `order` are the rows."""
    title = grid.title(name)
    y = alt.Y("series:N", sort=order, title=None, axis=grid.names(panel), scale=alt.Scale(domain=order))
    base = published.measured(alt.Chart(table)).encode(y=y)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4))
    tooltip = ["series"] + [alt.Tooltip(name, format=".4g") for name in ("value", "low", "high")] + ["n"]
    points = base.mark_point(filled=True, size=60, opacity=1, color=theme.CATEGORIES[4]).encode(x=x, tooltip=tooltip)
    low = alt.X("low:Q", title=title, scale=scale)
    bars = base.mark_errorbar(ticks={"size": 8}, color="black").encode(x=low, x2="high:Q")
    return alt.layer(points, bars, *published.layers(table, y, x, color=alt.value("black"))).properties(
        width=grid.width, height=grid.height(order) + 10)
