"""Settings compared row by row: the league table of activations, and how the runs of any setting end."""

from __future__ import annotations

import altair as alt
import pandas as pd

from . import theme
from .theme import Chart
from .view import Axis, View, label
from .statistics import mean_interval, quartiles, share_interval
from .sweep import SHARE, describe_runs

FATES = {"born_dead": "born dead (share of runs)", "collapsed": "collapsed (share of runs)",
         "diverged": "diverged (share of runs)"}
MOST_SETTINGS = 24


def league(view: View) -> Chart | None:
    """Activations compared: dead units, loss, accuracy, diverged runs; each with its best setting of the other axes."""
    axis = view.axis("model.activation") or view.axis("model.activation.name")
    if axis is None:
        return None
    runs, others = _at_their_best(view, axis)
    runs = runs.assign(diverged=(runs["status"] == "diverged").astype(int))
    panels = [
        (mean_interval(runs, [axis.path], "dead_fraction", 0, 1), "mean", "dead units (share)", SHARE),
        (quartiles(runs, [axis.path], "train_loss"), "median", "training loss (median, quartiles)", _loss_scale(runs)),
        (mean_interval(runs, [axis.path], "test_accuracy", 0, 1), "mean", "test accuracy (share)", SHARE),
        (share_interval(runs, [axis.path], "diverged"), "mean", "diverged runs (share)", SHARE),
    ]
    loss = runs.groupby(axis.path)["train_loss"].median().sort_values(na_position="last")
    order = [label(value) for value in loss.index]
    panels = [panel for panel in panels if len(panel[0])]
    charts = [_dots(table.rename(columns={axis.path: "activation", value: "value"}), "activation", title, scale, order,
                    named=panel == 0)
              for panel, (table, value, title, scale) in enumerate(panels)]
    chosen = f"; each at its best {' and '.join(other.title for other in others)} by median loss" if others else ""
    return theme.headed(alt.hconcat(*charts, spacing=12), "Activations compared",
                        f"Sorted by loss; bars: 95 % intervals over seeds (of the loss: quartiles){chosen}; "
                        f"{describe_runs(view, runs)}")


def outcomes(view: View) -> Chart | None:
    """How the runs of each setting end: dead units, networks born dead, collapsed, diverged."""
    runs = view.runs.assign(diverged=(view.runs["status"] == "diverged").astype(int),
                               setting=view.settings if view.axes else "all runs")
    order = list(runs["setting"].unique())
    fates = dict(FATES)
    if not runs["steps"].any():
        del fates["collapsed"]  # what was not trained has not collapsed
    if len(order) > MOST_SETTINGS:
        return None
    tables = [(mean_interval(runs, ["setting"], "dead_fraction", 0, 1), "dead units (share)")]
    tables += [(share_interval(runs, ["setting"], column), title) for column, title in fates.items()
               if runs[column].any()]
    charts = [_dots(table.rename(columns={"mean": "value"}), "setting", title, SHARE, order, named=panel == 0)
              for panel, (table, title) in enumerate(tables) if len(table)]
    rows = " · ".join(axis.title for axis in view.axes)
    return theme.headed(alt.hconcat(*charts, spacing=12), "How the runs end",
                        f"Rows: {rows}" if rows else "", "Bars: 95 % intervals over seeds (of shares of runs: "
                        f"Wilson's); {describe_runs(view)}")


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


def _dots(table: pd.DataFrame, column: str, title: str, scale: alt.Scale, order: list[str], named: bool) -> Chart:
    """One row of `column` a value, with its interval; `order` are the rows, `named` says whether they have labels."""
    names = alt.Axis(labels=named, ticks=named, grid=True, labelLimit=240)
    base = alt.Chart(table).encode(
        y=alt.Y(f"{column}:N", sort=order, title=None, axis=names, scale=alt.Scale(domain=order)))
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4))
    tooltip = [column] + [alt.Tooltip(name, format=".4g") for name in ("value", "low", "high")] + ["n"]
    points = base.mark_point(filled=True, size=60, opacity=1, color=theme.CATEGORIES[4]).encode(x=x, tooltip=tooltip)
    low = alt.X("low:Q", title=title, scale=scale)
    bars = base.mark_errorbar(ticks={"size": 8}, color="black").encode(x=low, x2="high:Q")
    return alt.layer(points, bars).properties(width=170, height=18 * len(order) + 20)
