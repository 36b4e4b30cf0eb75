"""Every chart there is, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable

from . import activation, born_dead, comparison, deaths, depth, dose, survival, sweep, training
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
}
