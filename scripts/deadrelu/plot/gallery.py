"""Every chart there is, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable

from . import activation, born_dead, claims, comparison, deaths, depth, dose, survival, sweep, theme, training
from .theme import Chart
from .view import View

# Each returns None where the results have nothing for it.
CHARTS: dict[str, Callable[[View], Chart | None]] = {
    "dead_fraction": sweep.dead_fraction,
    "heat_map": sweep.heat_map,
    "dose_response": dose.dose_response,
    "born_dead": born_dead.born_dead,
    "outcomes": comparison.outcomes,
    "league": comparison.league,
    "remedies": comparison.remedies,
    "by_depth": depth.by_depth,
    "dead_by_layer": training.dead_by_layer,
    "gradient_by_layer": training.gradient_by_layer,
    "survival": survival.survival,
    "causes": deaths.causes,
    "unit_life": deaths.unit_life,
    "stream_error": training.stream_error,
    "task_error": training.task_error,
    "loss": training.loss,
    "activations": activation.activations,
    "claims": claims.claims,
}


def draw(name: str, view: View) -> Chart | None:
    """A chart; of a published experiment it says whose claims they are, and at which size; None where it does not apply."""
    view.drawn.clear()
    chart = CHARTS[name](view)
    experiment = view.results.experiment
    if chart is None or experiment is None:
        return chart
    claims = view.drawn or experiment.claims
    sources = ", ".join(dict.fromkeys(claim["source"] for claim in claims))
    faint = any(claim["verdict"] == "NOT JUDGED" for claim in view.drawn)
    return theme.noted(chart, f"◇ published: {sources}" if view.drawn else f"Published: {sources}",
                       "faint: only judged at the other size" if faint else "",
                       SIZES[experiment.size])


SIZES = {"": "", "quick": "Quick size; as published: --full", "full": "Full size, as published"}
