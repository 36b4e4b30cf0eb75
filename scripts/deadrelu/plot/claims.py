"""The claims of a published experiment as a table with a picture in it: what was published, accepted and measured."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import altair as alt
import pandas as pd

from . import theme
from .published import POINT
from .theme import Chart
from .view import View

WIDTH, STRIP = 580, 200  # of the table and of the picture in each row
NUMBERS = 55  # pixels of a verdict
LINE, GAP = 16, 14  # height of a line of text, and between rows
COLOURS = {"PASS": theme.CATEGORIES[0], "FAIL": theme.CATEGORIES[1]}


def claims(view: View) -> Chart | None:
    """One row a claim judged at this size: the accepted range, what was published and what was measured, each on its own scale."""
    experiment = view.results.experiment
    if experiment is None:
        return None
    judged = [claim for claim in experiment.claims if claim["verdict"] != "NOT JUDGED"]
    if not judged:
        return None
    others = len(experiment.claims) - len(judged)
    view.drawn += judged
    rows = [_row(claim) for claim in judged]
    below = 0
    for row in rows:  # y is that of the picture, below its text
        row["top"], row["y"] = below, below + LINE * (row["text"].count("\n") + 1) + 6
        below = row["y"] + LINE * (row["numbers"].count("\n") + 1) + GAP
    table = pd.DataFrame(rows)
    scale = {"x": alt.Scale(domain=[0, WIDTH], nice=False), "y": alt.Scale(domain=[below, 0], nice=False)}
    base = alt.Chart(table).encode(y=alt.Y("y:Q", scale=scale["y"], axis=None))

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale["x"], axis=None)

    colour = alt.Color("verdict:N", scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), legend=None)
    text: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 12}
    chart = alt.layer(
        base.mark_text(**text | {"baseline": "top"}, lineBreak="\n", lineHeight=LINE).encode(
            x=alt.value(0), y=alt.Y("top:Q", scale=scale["y"], axis=None), text="text:N"),
        base.mark_rule(strokeWidth=LINE, color="#e0e0e0").encode(x=x("accepted_low"), x2="accepted_high:Q"),
        base.mark_rule(strokeWidth=1, color="#999999").encode(x=x("left"), x2="right:Q"),
        base.mark_rule(strokeWidth=2.5).encode(x=x("low"), x2="high:Q", color=colour),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=x("measured"), color=colour),
        base.mark_point(**POINT, color="black").encode(x=x("published")),
        base.mark_text(**text, fontWeight="bold").encode(
            x=alt.value(STRIP + 12), text="verdict:N", color=colour),
        base.mark_text(**text, lineBreak="\n", lineHeight=LINE).encode(x=alt.value(STRIP + NUMBERS), text="numbers:N"))
    chart = chart.properties(width=WIDTH, height=below, view=alt.ViewBackground(stroke="transparent"))
    return theme.headed(chart, "What was published, and what is measured here",
                        "● measured, with its 95 % interval; grey: accepted; each row has a scale of its own",
                        f"Judged at the other size: {others} more" if others else "")


def _row(claim: dict[str, Any]) -> dict[str, Any]:
    """A claim's texts, and its numbers as places in the picture; missing where there is no number."""
    published = claim["published"] if isinstance(claim["published"], (int, float)) else None
    places = {name: claim[name] for name in ("accepted_low", "accepted_high", "low", "high", "measured")}
    places["published"] = published
    known = [value for value in places.values() if value is not None]
    lowest, highest = min(known), max(known)
    margin = 0.15 * (highest - lowest) or 0.15 * abs(highest) or 1
    place = {name: math.nan if value is None else STRIP * (value - lowest + margin) / (highest - lowest + 2 * margin)
             for name, value in places.items()}
    for end, edge in (("accepted_low", 0), ("accepted_high", STRIP)):
        place[end] = edge if claim[end] is None else place[end] + (2 if edge else -2)  # one value is a range as well
    return {"text": "\n".join(textwrap.wrap(claim["claim"], 88)), "verdict": claim["verdict"],
            "numbers": "\n".join(textwrap.wrap(_numbers(claim), 52)), "left": 0, "right": STRIP, **place}


def _numbers(claim: dict[str, Any]) -> str:
    published = claim["published"]
    text = published if isinstance(published, str) else f"{published:.4g}"
    said = f"published: {'nothing' if text == 'not published' else text}"
    if claim["measured"] is None:
        return f"nothing measured, {said}"
    interval = "" if claim["low"] is None else f" [{claim['low']:.3g}, {claim['high']:.3g}]"
    return f"{claim['measured']:.4g}{interval}, {said}"
