"""Results that the tests draw, trained once, and the scripts' entry points called in this process."""

import contextlib
import functools
import io
import pathlib
import subprocess
import sys
import tempfile

from charts.activation import find_program

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = tempfile.TemporaryDirectory(prefix="deadrelu-charts-")


@functools.cache
def sweep():
    """A small sweep over learning rates and biases; one setting diverges."""
    out = pathlib.Path(FOLDER.name) / "sweep"
    _run("run", ROOT / "configs/quickstart.json", "--out", out, "--progress", "none", "--set", "sweep.seeds=3",
         "--set", "train.steps=100", "--set", 'sweep.grid={"train.optimizer.learning_rate": [0.01, 0.1, 0.5, 1000], '
         '"init.bias": [-1, 0]}', "--set", 'record.tables=["metrics", "layers", "units"]')
    return out


@functools.cache
def dead():
    """Networks without a living unit, whose output hardly learns."""
    out = pathlib.Path(FOLDER.name) / "dead"
    _run("run", ROOT / "configs/quickstart.json", "--out", out, "--progress", "none", "--set", "train.steps=50",
         "--set", 'sweep={"seeds": 2}', "--set", "init.bias=-100", "--set", "train.optimizer.learning_rate=1e-9")
    return out


@functools.cache
def stream():
    """A short online stream, with four settings that are no grid."""
    out = pathlib.Path(FOLDER.name) / "stream"
    _run("run", ROOT / "experiments/slow-regression/config.json", "--out", out, "--progress", "none",
         "--set", "sweep.seeds=2", "--set", "train.steps=60000", "--set", "record.every=20000")
    return out


@functools.cache
def experiment(name):
    """The results of a published experiment."""
    _run("reproduce", name, "--experiments", ROOT / "experiments", "--out", FOLDER.name, "--quiet")
    return pathlib.Path(FOLDER.name) / name


def call(main, *arguments):
    """Exit code, standard output and standard error of a script's main."""
    output, errors, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = [main.__module__, *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main()
    except SystemExit as exit_of_argparse:
        code = exit_of_argparse.code
    finally:
        sys.argv = argv
    return code, output.getvalue(), errors.getvalue()


def _run(*arguments):
    done = subprocess.run([find_program(), *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise AssertionError(done.stderr)
