"""Charts of results, drawn with Altair: `results.plot.dead_fraction()`.

Importing this enables the Altair theme "deadrelu", and pictures (SVG) instead of scripts in notebooks, unless another way of
showing them was chosen; `alt.theme.enable("default")` undoes the first, `alt.renderers.enable("default")` the second.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..program import DeadreluError
from .gallery import CHARTS, draw
from .theme import Chart
from .view import View

if TYPE_CHECKING:
    from ..results import Results

__all__ = ["CHARTS", "Chart", "Plots"]


class Plots:
    """The charts of some results: each is a method that returns an Altair chart."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def __call__(self, only: Iterable[str] | None = None) -> dict[str, Chart]:
        """Every chart that applies to the results, or those of `only` that do."""
        view = View(self._results)
        charts = {name: draw(name, view) for name in (CHARTS if only is None else only)}
        return {name: chart for name, chart in charts.items() if chart is not None}

    def __getattr__(self, name: str) -> Callable[[], Chart]:
        if name not in CHARTS:
            near = difflib.get_close_matches(name, CHARTS, 1)
            raise AttributeError(f"there is no chart {name!r}; there are {', '.join(CHARTS)}"
                                 + (f"; did you mean {near[0]!r}?" if near else ""))
        results = self._results

        def drawn() -> Chart:
            chart = draw(name, View(results))
            if chart is None:
                raise DeadreluError(f"{results.directory} has nothing for the chart {name}", 1)
            return chart

        drawn.__doc__ = CHARTS[name].__doc__
        return drawn

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *CHARTS})
