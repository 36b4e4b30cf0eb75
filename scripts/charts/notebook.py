"""What the notebooks in experiments/ begin with: a sweep trained afresh, and charts that show without a network."""

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import altair as alt

from .activation import find_program
from .results import Results, ResultsError

alt.renderers.enable("svg")
_folders = []  # they go when the notebook's kernel ends


def train(config, *settings):
    """The Results of a sweep that is trained now; `config` is a dict or a file, `settings` are KEY=VALUE.

    Raises ResultsError, with what the program says, where the config has a mistake.
    """
    program = find_program()
    if program is None:
        raise ResultsError("there is no deadrelu: build it (see README.md), or set DEADRELU to the program")
    _folders.append(TemporaryDirectory(prefix="deadrelu-"))
    folder = Path(_folders[-1].name)
    if isinstance(config, dict):
        file = folder / "config.json"
        file.write_text(json.dumps(config), encoding="utf-8")
    else:
        file = Path(config)
    command = [program, "run", file, "--out", folder / "results", "--progress", "none"]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ResultsError(done.stderr.strip())
    print(done.stdout.strip().rpartition(": ")[2] if done.stdout else done.stderr.strip())
    return Results(folder / "results")
