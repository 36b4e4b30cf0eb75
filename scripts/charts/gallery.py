"""Every chart there is, in the order of a report."""

from . import activation, born_dead, comparison, depth, survival, sweep, training

# Each takes Results and returns a chart, or None where the results have nothing for it.
CHARTS = {
    "dead_fraction": sweep.dead_fraction,
    "heat_map": sweep.heat_map,
    "born_dead": born_dead.born_dead,
    "outcomes": comparison.outcomes,
    "league": comparison.league,
    "by_depth": depth.by_depth,
    "dead_by_layer": training.dead_by_layer,
    "gradient_by_layer": training.gradient_by_layer,
    "survival": survival.survival,
    "stream_error": training.stream_error,
    "loss": training.loss,
    "activations": activation.activations,
}


def draw(results, names=None):
    """(name, chart) of the charts that apply, all of them or those in `names`."""
    for name in names or CHARTS:
        chart = CHARTS[name](results)
        if chart is not None:
            yield name, chart
