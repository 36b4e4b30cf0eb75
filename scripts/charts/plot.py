"""scripts/plot: draws the charts that apply to a result directory, as PNG and SVG."""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image

from .gallery import CHARTS, draw
from .results import Results, ResultsError


def main():
    arguments = _arguments()
    try:
        results = Results(arguments.directory)
        drawn = list(_saved(results, arguments))
    except (ResultsError, OSError) as error:
        print(f"plot: {error}", file=sys.stderr)
        return 4
    if not drawn:
        print(f"plot: {arguments.directory}: none of {', '.join(arguments.only or CHARTS)} applies", file=sys.stderr)
        return 1
    return 0


def _saved(results, arguments):
    out = Path(arguments.out or results.directory / "plots")
    for name, chart in draw(results, arguments.only):
        paths = [out] if out.suffix in SAVE else [out / f"{name}.{form}" for form in arguments.format]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            SAVE[path.suffix](chart, path)
            print(path)
        yield name


def _save_png(chart, path):
    """With 64 colours, which a chart has no need to exceed, a picture takes a quarter of the bytes."""
    picture = io.BytesIO()
    chart.save(picture, format="png", scale_factor=2)
    Image.open(picture).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


SAVE = {".png": _save_png, ".svg": lambda chart, path: chart.save(path)}


def _arguments():
    parser = argparse.ArgumentParser(prog="scripts/plot", description="Draws the charts that apply to a result "
                                     "directory, as PNG and SVG, and prints their names.")
    parser.add_argument("directory", metavar="DIR", help="a directory that `deadrelu run` wrote")
    parser.add_argument("--out", metavar="PATH", help="the folder of the pictures (default: DIR/plots), or the file, "
                        ".png or .svg, of the one chart that --only names")
    parser.add_argument("--only", metavar="CHART,…", type=_some_of(CHARTS), help=f"some of {', '.join(CHARTS)}")
    parser.add_argument("--format", metavar="FORMAT,…", type=_some_of(["png", "svg"]), default=["png", "svg"],
                        help="png, svg or both (default: png,svg)")
    arguments = parser.parse_args()
    if Path(arguments.out or "").suffix in SAVE and len(arguments.only or CHARTS) > 1:
        parser.error(f"--out {arguments.out} is one picture: --only has to name its chart")
    return arguments


def _some_of(choices):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"found {name!r}; allowed: {', '.join(choices)}")
        return names
    return parse


if __name__ == "__main__":
    sys.exit(main())
