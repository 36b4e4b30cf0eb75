"""`deadrelu plot` and `deadrelu report`, which the program hands over to this package."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from .program import DeadreluError
from .results import Results


def plot(directory: str, out: str = "", only: str = "", format: str = "png,svg") -> None:
    """Draws the charts that apply, and prints the names of their files."""
    results = Results(directory)
    charts = results.plot
    from .plot import CHARTS
    from .plot.pictures import SAVE, save, stacked

    names = _some_of("--only", only, CHARTS)
    formats = _some_of("--format", format, [suffix[1:] for suffix in SAVE])
    single = Path(out).suffix in SAVE
    if single and not only:
        raise DeadreluError(f"--out {out} is one picture: --only has to name its charts", 2)
    folder = Path(out) if out else results.directory / "plots"
    drawn = charts(names)
    if single and drawn:
        drawn = {names[0]: stacked(drawn.values())}
    for name, chart in drawn.items():
        for path in [folder] if single else [folder / f"{name}.{form}" for form in formats]:
            path.parent.mkdir(parents=True, exist_ok=True)
            save(chart, path)
            print(path, flush=True)
    if not drawn:
        raise DeadreluError(f"{directory}: none of {', '.join(names)} applies", 1)


def report(directory: str, out: str = "") -> None:
    """Writes the page, and prints its name."""
    print(Results(directory).report(out or None))


COMMANDS = {"plot": plot, "report": report}


def main(arguments: Sequence[str]) -> int:
    """Runs the command with the options that the program gives as a JSON object; returns the exit code."""
    command, options = arguments
    try:
        COMMANDS[command](**json.loads(options))
    except (DeadreluError, OSError) as error:
        print(f"deadrelu: {command}: {error}", file=sys.stderr)
        return getattr(error, "code", 4)
    return 0


def _some_of(option: str, text: str, choices: Iterable[str]) -> list[str]:
    known = list(choices)
    names = text.split(",") if text else known
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise DeadreluError(f"{option}: found '{name}'; allowed: {', '.join(known)}"
                                + (f"; did you mean '{near[0]}'?" if near else ""), 2)
    return names
