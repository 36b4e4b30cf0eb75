"""What was published, drawn beside what was measured: the claims that say where (`at`; experiments/README.md)."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from ..program import DeadreluError
from .panels import Panels, keys, place
from .theme import Chart
from .view import View, label, parsed

POINT: dict[str, Any] = {"shape": "diamond", "size": 170, "filled": False, "strokeWidth": 2}  # around what was measured


def beside(view: View, table: pd.DataFrame, column: str, x: str, panels: Panels, runs: pd.DataFrame | None = None,
           series: str = "", step: int | None = None) -> pd.DataFrame:
    """The chart's table with a row for each published value of a column, for `layers`.

    x       the chart's x field; missing in the row where the claim does not say it
    series  a column besides the swept keys (layer); where the claim does not say it, it is about each of its values
    step    the step that the chart is about, if it is about one
    runs    as in `View.lines_beside`; default: all, with their settings
    Adds columns published, source and judged, missing in the rows of what was measured.
    """
    runs = view.runs.assign(setting=view.settings) if runs is None else runs
    rows = []
    for claim in view.published(column):
        found = _rows(view, claim, runs, [x, series], step)
        if series and series not in claim["at"]:
            found = found.drop(columns=series).merge(table[[series]].drop_duplicates(), how="cross")
        found = place(found, panels)
        if len(found):
            rows.append(found[[name for name in (x, series) if name] + [*keys(panels), "published", "source", "judged"]])
            view.drawn.append(claim)
    return pd.concat([table.assign(published=float("nan")), *rows], ignore_index=True).drop_duplicates()


def layers(table: pd.DataFrame, along: alt.X | alt.Y, value: alt.X | alt.Y, **colour: Any) -> list[Chart]:
    """The published values of a table: diamonds, and a line across the chart where a claim does not say at which x."""
    if table["published"].isna().all():
        return []
    place, shown = along.to_dict(), value.to_dict()
    assert isinstance(place, dict) and isinstance(shown, dict)
    published = type(value)("published:Q", **{name: shown[name] for name in ("title", "scale", "axis") if name in shown})
    base = alt.Chart(table).encode(published, opacity=alt.condition("datum.judged", alt.value(1), alt.value(0.4)),
                                   tooltip=[alt.Tooltip("published:Q", format=".4g"), "source:N"], **colour)
    has_place = f"isValid(datum['{place['field']}'])"
    line = base.mark_rule(strokeWidth=1.5, strokeDash=[2, 3]).transform_filter(f"isValid(datum.published) && !{has_place}")
    points = base.mark_point(**POINT).encode(along).transform_filter(f"isValid(datum.published) && {has_place}")
    return [line, points]


def measured(chart: alt.Chart) -> alt.Chart:
    """A layer that leaves out the rows of published values."""
    return chart.transform_filter("!isValid(datum.published)")


def _rows(view: View, claim: dict[str, Any], runs: pd.DataFrame, known: list[str], step: int | None) -> pd.DataFrame:
    """One row for each setting that the claim is about; none where it is about what the chart does not show.

    Columns: the swept paths, setting, those known (as the claim says them, else missing), published, source, judged.
    """
    at = {key: value for key, value in claim["at"].items() if key != "column"}
    shown = step is None or at.pop("step", step) == step
    for key in at.keys() - set(known):
        if key not in view.results.swept:
            shown = False
        else:
            swept = view.results.runs.set_index("run_id").loc[runs["run_id"], key]
            runs = runs[[_is(value, readable, at[key]) for value, readable in zip(swept, runs[key])]]
    judged = claim["verdict"] != "NOT JUDGED"
    if shown and runs.empty and judged:
        raise DeadreluError(f"claim {claim['claim']!r}: no run has what \"at\" says: {claim['at']}", 2)
    rows = runs[[*(axis.path for axis in view.axes), "setting"]].drop_duplicates() if shown else runs.iloc[:0]
    said = {name: at.get(name, float("nan")) for name in known if name}
    return rows.assign(**said, published=claim["published"], source=claim["source"], judged=judged)


def _is(swept: Any, readable: Any, given: Any) -> bool:
    """Whether a swept value is the one that a claim gives: as the config has it, or as the chart calls it."""
    text = label(given).lower() if isinstance(given, bool) else label(given)
    return bool(parsed(swept) == given) or label(readable) == text
