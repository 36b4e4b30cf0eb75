"""Charts as files."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import altair as alt
from PIL import Image

from .theme import Chart


def save(chart: Chart, path: Path) -> None:
    """Writes a chart as the path's suffix says: one of those of SAVE."""
    SAVE[path.suffix](chart, path)


def stacked(charts: Iterable[Chart]) -> Chart:
    """One chart below the other."""
    first, *others = charts
    if not others:
        return first
    below: Chart = alt.concat(first, *others, columns=1, spacing=30, align="none").resolve_scale(
        color="independent", strokeDash="independent", opacity="independent")
    return below


def _save_png(chart: Chart, path: Path) -> None:
    """With 200 colours, which a chart has no need to exceed, a picture takes a quarter of the bytes."""
    picture = io.BytesIO()
    chart.save(picture, format="png", scale_factor=2)
    image = Image.open(picture).convert("RGB")
    image.quantize(200, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def _save_svg(chart: Chart, path: Path) -> None:
    chart.save(str(path))


SAVE: dict[str, Callable[[Chart, Path], None]] = {".png": _save_png, ".svg": _save_svg}
