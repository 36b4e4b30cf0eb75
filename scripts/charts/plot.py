"""scripts/plot: draws the charts that apply to a result directory, as PNG and SVG."""

import argparse
import sys
from pathlib import Path

from .gallery import CHARTS, draw
from .results import Results, ResultsError


def main():
    arguments = _arguments()
    try:
        results = Results(arguments.directory)
        folder = Path(arguments.out or results.directory / "plots")
        folder.mkdir(parents=True, exist_ok=True)
        drawn = list(_saved(results, folder, arguments))
    except (ResultsError, OSError) as error:
        print(f"plot: {error}", file=sys.stderr)
        return 4
    if not drawn:
        print(f"plot: {arguments.directory}: none of {', '.join(arguments.only or CHARTS)} applies", file=sys.stderr)
        return 1
    return 0


def _saved(results, folder, arguments):
    for name, chart in draw(results, arguments.only):
        for form in arguments.format:
            path = folder / f"{name}.{form}"
            chart.save(path, **({"scale_factor": 2} if form == "png" else {}))
            print(path)
        yield name


def _arguments():
    parser = argparse.ArgumentParser(prog="scripts/plot", description="Draws the charts that apply to a result "
                                     "directory, as PNG and SVG, and prints their names.")
    parser.add_argument("directory", metavar="DIR", help="a directory that `deadrelu run` wrote")
    parser.add_argument("--out", metavar="FOLDER", help="where the pictures go (default: DIR/plots)")
    parser.add_argument("--only", metavar="CHART,…", type=_some_of(CHARTS), help=f"some of {', '.join(CHARTS)}")
    parser.add_argument("--format", metavar="FORMAT,…", type=_some_of(["png", "svg"]), default=["png", "svg"],
                        help="png, svg or both (default: png,svg)")
    return parser.parse_args()


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
