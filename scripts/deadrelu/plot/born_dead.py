"""The probability that a network is born dead, against its depth, with what theory says (Lu et al. 2019)."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from . import published, theme
from .panels import Panels, whole_axis
from .theme import Chart
from .view import View, label
from .statistics import share_interval

SYMMETRIC = {"he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "pytorch",
             "normal", "uniform"}


def upper_bound(width: float, hidden: Any) -> Any:
    """1 − (1 − 2^−N)^n for n hidden layers of N units: exact for one input point, a bound for any set of inputs.

    Symmetric weights, zero or symmetric biases (Lu et al. 2019).
    """
    return 1 - (1 - 2.0**-width) ** hidden


def lower_bound(width: float, hidden: Any) -> Any:
    """A lower bound for one input dimension, zero biases and inputs of both signs; n hidden layers, n + 1 in all."""
    first = 1 - 2.0**-width
    second = 1 - 2.0 ** (1 - width) - (width - 1) * 4.0**-width
    share = (1 - 2.0 ** (1 - width)) * first / (1 + (width - 1) * 2.0**-width)
    return 1 - first ** (hidden - 1) + share * (second ** (hidden - 1) - first ** (hidden - 1))


def born_dead(view: View) -> Chart | None:
    """Share of networks that are born dead against the number of hidden layers, one colour a width.

    Where the depth is not swept, but the width is, a column of points at that depth.
    """
    depth, width = view.axis("model.depth"), view.axis("model.width")
    if depth is None and width is None:
        return None
    runs = view.runs.assign(
        hidden=view.runs["model.depth"] if depth else view.setting("model.depth"),
        width=view.runs["model.width"] if width else view.setting("model.width"))
    table = share_interval(runs, ["hidden", "width"], "born_dead")
    bounds, meaning = _bounds(view, table)
    if not (table["hits"].any() or len(bounds)):
        return None
    table["series"] = table["width"].map(label)
    table = table.rename(columns={"hidden": "model.depth"})
    table = published.beside(view, table, "born_dead", "model.depth", Panels(series=width))
    table = table.rename(columns={"model.depth": "hidden"})
    colour = theme.ordered_colour([label(value) for value in sorted(table["width"].dropna().unique())], "units per layer")
    share = alt.Scale(domain=[0, 1])
    title = "networks born dead (share)"
    y = alt.Y("mean:Q", title=title, scale=share)
    x = alt.X("hidden:Q", title="hidden layers", scale=alt.Scale(zero=False, nice=False, padding=12),
              axis=whole_axis(bounds["hidden"] if len(bounds) else table["hidden"]))
    base = published.measured(alt.Chart(table)).encode(x=x, color=colour)
    tooltip = ["series", "hidden", *[alt.Tooltip(one, format=".4g") for one in ("mean", "low", "high")], "n"]
    layers = [base.mark_errorbar(ticks=True).encode(y=alt.Y("low:Q", title=title, scale=share), y2="high:Q"),
              base.mark_point(filled=True, size=60, opacity=1).encode(y=y, tooltip=tooltip),
              *published.layers(table, x, y, color=colour)]
    if len(bounds):
        layers.insert(0, alt.Chart(bounds).mark_line(clip=True).encode(
            x=x, y=alt.Y("share:Q", title=title, scale=share), color=colour,
            strokeDash=alt.StrokeDash("bound:N", title="theory")))
    chart = alt.layer(*layers).properties(width=theme.WIDTH, height=theme.HEIGHT)
    pooled = [axis.title for axis in view.axes if axis not in (depth, width)]
    return theme.headed(chart, "Networks that are born dead",
                        f"Points: share of networks with a layer that is wholly dead before training, Wilson 95 % "
                        f"interval ({len(runs)} networks); {meaning}",
                        f"pooled over {', '.join(pooled)}" if pooled else "")


def _bounds(view: View, table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The curves that hold for this experiment, and a sentence that says what they are."""
    plain = {axis.path for axis in view.axes} <= {"model.depth", "model.width"}
    relu = _name(view, "model.activation") == "relu"
    if not plain or not relu or _name(view, "init.weights") not in SYMMETRIC or not _zero_bias(view):
        return pd.DataFrame(), "no closed form holds for this set-up"
    curves = [("one input: exact; more: upper bound", upper_bound)]
    domain = view.setting("data.domain", [0, 0])
    if view.setting("data.kind") == "function" and view.setting("data.function") != "abs_sum_diff" and (
            domain[0] < 0 < domain[1]):
        curves.append(("lower bound", lower_bound))
    hidden = np.arange(1, table["hidden"].max() + 1)
    rows = [pd.DataFrame({"hidden": hidden, "share": formula(width, hidden), "bound": name, "series": label(width)})
            for name, formula in curves for width in sorted(table["width"].unique())]
    return pd.concat(rows), "lines: closed forms (Lu et al. 2019)"


def _zero_bias(view: View) -> bool:
    bias = view.setting("init.bias", 0)
    value = bias.get("value", 0) if isinstance(bias, dict) and bias.get("name", "constant") == "constant" else bias
    return bool(value == 0 or view.setting("model.bias", True) is False)


def _name(view: View, path: str) -> str:
    """The name of what all hidden layers have; empty where they differ."""
    given = view.setting(path)
    return str(given.get("name", "")) if isinstance(given, dict) else ""
