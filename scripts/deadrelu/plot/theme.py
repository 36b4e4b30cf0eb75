"""How every chart looks: sizes, fonts, and colours that colour-blind readers can tell apart."""

from __future__ import annotations

import textwrap
from typing import Any, Literal, TypeAlias

import altair as alt
import numpy as np
import pandas as pd

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart | alt.ConcatChart

# Okabe & Ito 2008, without its yellow, which is too light for lines on white.
CATEGORIES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999"]
MOST_SERIES = len(CATEGORIES)
SEQUENTIAL: Literal["viridis"] = "viridis"
DASHES = [[1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 4]]
LINE_LEGEND: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 250, "symbolStrokeWidth": 2}
PAGE = 590  # pixels that a picture is wide at most, so that its letters can be read in a column of text
WIDTH, HEIGHT = 460, 300
SMALL_WIDTH, SMALL_HEIGHT = 215, 160
LABEL_LIMIT = 260  # pixels of a label of a legend that has columns
LETTER = 6.6  # pixels of a letter, about


@alt.theme.register("deadrelu", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig({
        "config": {
            "background": "white",
            "font": "DejaVu Sans, Verdana, sans-serif",
            "view": {"stroke": "#bbbbbb"},
            "title": {"anchor": "start", "fontSize": 15, "subtitleFontSize": 11, "subtitleColor": "#555555",
                      "subtitlePadding": 4, "offset": 12},
            "axis": {"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e6e6e6",
                     "labelOverlap": True, "labelSeparation": 5},
            "legend": {"orient": "top", "columns": 6, "labelFontSize": 11, "titleFontSize": 11,
                       "titleFontWeight": "normal", "symbolSize": 80, "symbolOpacity": 1, "labelLimit": LABEL_LIMIT,
                       "titleLimit": PAGE},
            "header": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelLimit": 240},
            "line": {"strokeWidth": 2},
            "range": {"category": CATEGORIES},
        }
    })


alt.data_transformers.disable_max_rows()
if alt.renderers.active == "default":
    alt.renderers.enable("svg")  # which needs no network


def share(values: pd.DataFrame) -> alt.Scale:
    """Scale of a share from 0 on: to 1, or to where small shares can be told apart."""
    highest = float(np.nanmax(values.to_numpy(dtype=float), initial=0))
    return alt.Scale(domain=[0, 1 if highest > 0.5 else max(0.05, np.ceil(22 * highest) / 20)])


def series_colour(order: list[str], title: str) -> alt.Color:
    """Colour of a series that is named by column `series`: `order` are the names, in order."""
    if len(order) > MOST_SERIES:
        scale = alt.Scale(domain=order, scheme=SEQUENTIAL)
    else:
        scale = alt.Scale(domain=order, range=CATEGORIES[:len(order)])
    return alt.Color("series:N", title=title, scale=scale, sort=order)


def ordered_colour(order: list[str], title: str) -> alt.Color:
    """As series_colour, for values on a scale: from dark to light as they grow."""
    scale = alt.Scale(domain=order, scheme=SEQUENTIAL, reverse=False)
    if len(order) > 1:  # the light end of the scheme is hard to see on white
        scale = alt.Scale(domain=order, scheme=alt.SchemeParams(name=SEQUENTIAL, extent=[0, 0.85]))
    return alt.Color("series:O", title=title, scale=scale, sort=order)


def line_series(order: list[str], title: str, ordered: bool) -> dict[str, Any]:
    """Encodings of a line: the series' colour, and dashes of its own, so that lines that coincide still show."""
    colour = (ordered_colour if ordered else series_colour)(order, title)
    dashes = [DASHES[index % len(DASHES)] for index in range(len(order))]
    dash = alt.StrokeDash("series:O" if ordered else "series:N", title=title, sort=order,
                          scale=alt.Scale(domain=order, range=dashes))
    columns = max(1, min(6, 90 // (max(map(len, order)) + 4)))
    look = {**LINE_LEGEND, "columns": columns, "labelLimit": max(LABEL_LIMIT, PAGE // columns - 40)}
    return {"color": colour.legend(**look), "strokeDash": dash.legend(**look)}


def headed(chart: Chart, title: str, *subtitles: str) -> Chart:
    """The chart with its title, and below it what is shown and over how many runs."""
    lines = [line for subtitle in subtitles if subtitle for line in textwrap.wrap(subtitle, 100)]
    return chart.properties(title=alt.TitleParams(title, subtitle=lines), description=". ".join([title, *lines]))


def noted(chart: Chart, *notes: str) -> Chart:
    """A headed chart with further lines below its title."""
    title = chart.title
    return headed(chart, title.text, *title.subtitle, *notes)
