"""The activations of an experiment and their derivatives, as the program itself computes them."""

from __future__ import annotations

import io
import json
from typing import Any

import altair as alt
import pandas as pd

from . import theme
from ..networks import layer_by_layer
from ..program import ask
from .theme import Chart
from .view import View, readable_object

def activations(view: View) -> Chart | None:
    """f and f' of every activation in the experiment, from −4 to 4."""
    specs = [spec for spec in _specs(view) if spec["name"] != "maxout"]
    if not specs:
        return None
    at_zero = view.setting("model.derivative_at_zero")
    table = pd.concat([_sampled(spec, at_zero) for spec in specs], ignore_index=True)
    order = list(dict.fromkeys(table["activation"]))
    kinds = ["f(x)", "derivative f′(x)"]
    colour = alt.Color("kind:N", title=None, sort=kinds,
                       scale=alt.Scale(domain=kinds, range=[theme.CATEGORIES[0], theme.CATEGORIES[1]]))
    dash = alt.StrokeDash("kind:N", title=None, sort=kinds, scale=alt.Scale(domain=kinds, range=[[1, 0], [4, 3]]))
    lines = alt.Chart().mark_line(clip=True).encode(
        x=alt.X("x:Q", title="pre-activation x"), color=colour, strokeDash=dash,
        y=alt.Y("value:Q", title="value", scale=alt.Scale(domain=[-2, 4])))
    zero = alt.Chart().mark_rule(color="#999999", strokeWidth=1).encode(y=alt.datum(0))
    chart = alt.layer(zero, lines, data=table).properties(width=150, height=120)
    chart = chart.facet(facet=alt.Facet("activation:N", title=None, sort=order), columns=min(3, len(order)))
    return theme.headed(chart, "Activations and their derivatives",
                        "Computed by deadrelu itself; where the derivative is zero, nothing is learned")


def _specs(view: View) -> list[dict[str, Any]]:
    """The experiment's activations, each {"name": …, parameters}."""
    names = view.axis("model.activation.name")
    if names:
        return [{"name": name} for name in names.values]
    found: list[dict[str, Any]] = []
    for given in view.values("model.activation"):
        for spec in layer_by_layer(given):
            if spec not in found:
                found.append(spec)
    return found


def _sampled(spec: dict[str, Any], at_zero: object) -> pd.DataFrame:
    command = ["activation", spec["name"], "--from", "-4", "--to", "4", "--points", "161"]
    settings = {f"model.activation.{key}": value for key, value in spec.items() if key != "name"}
    if isinstance(at_zero, (int, float)):
        settings["model.derivative_at_zero"] = at_zero
    for path, value in settings.items():
        command += ["--set", f"{path}={json.dumps(value)}"]
    table = pd.read_csv(io.StringIO(ask(*command)))
    table.columns = ["x", "f(x)", "derivative f′(x)"]
    table["activation"] = readable_object(spec, [{}])
    return table.melt(["x", "activation"], var_name="kind")
