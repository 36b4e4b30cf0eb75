"""Charts as files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .theme import Chart


def save(chart: Chart, path: Path) -> None:
    """Writes a chart as the path's suffix says: one of those of SAVE."""
    SAVE[path.suffix](chart, path)


def _save_png(chart: Chart, path: Path) -> None:
    """With 64 colours, which a chart has no need to exceed, a picture takes a quarter of the bytes."""
    picture = io.BytesIO()
    chart.save(picture, format="png", scale_factor=2)
    Image.open(picture).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def _save_svg(chart: Chart, path: Path) -> None:
    chart.save(str(path))


SAVE: dict[str, Callable[[Chart, Path], None]] = {".png": _save_png, ".svg": _save_svg}
