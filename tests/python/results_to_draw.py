"""Results that the tests draw, trained once, and the program that draws them."""

import functools
import pathlib
import subprocess
import tempfile

import deadrelu

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = tempfile.TemporaryDirectory(prefix="deadrelu-charts-")


@functools.cache
def sweep():
    """A small sweep over learning rates and biases; one setting diverges."""
    out = pathlib.Path(FOLDER.name) / "sweep"
    _run("run", ROOT / "configs/quickstart.json", "--out", out, "--progress", "none", "--set", "sweep.seeds=3",
         "--set", "train.steps=100", "--set", 'sweep.grid={"train.optimizer.learning_rate": [0.01, 0.1, 0.5, 1000], '
         '"init.bias": [-1, 0]}', "--set", 'record.tables=["metrics", "layers", "units"]', "--set", "record.deaths=records")
    return out


@functools.cache
def dead():
    """Networks without a living unit, whose output hardly learns."""
    out = pathlib.Path(FOLDER.name) / "dead"
    _run("run", ROOT / "configs/quickstart.json", "--out", out, "--progress", "none", "--set", "train.steps=50",
         "--set", 'sweep={"seeds": 2}', "--set", "init.bias=-100", "--set", "train.optimizer.learning_rate=1e-9")
    return out


@functools.cache
def remedies():
    """Two remedies, and none."""
    out = pathlib.Path(FOLDER.name) / "remedies"
    _run("run", ROOT / "configs/quickstart.json", "--out", out, "--progress", "none", "--set", "train.steps=200",
         "--set", 'sweep={"grid": {"remedy": ["none", "l2_init", "l1"], "train.optimizer.learning_rate": [0.01, 0.1]}, '
         '"seeds": 3}')
    return out


@functools.cache
def critical():
    """A search for the critical learning rate of two widths."""
    out = pathlib.Path(FOLDER.name) / "critical"
    _run("critical", ROOT / "configs/quickstart.json", "--out", out, "--quiet", "--width", "0.5", "--set", "train.steps=200",
         "--set", 'sweep={"grid": {"model.hidden": [[8], [32]]}}', "--vary", "train.optimizer.learning_rate=0.01..10")
    return out


@functools.cache
def stream():
    """A short online stream, with four settings that are no grid."""
    out = pathlib.Path(FOLDER.name) / "stream"
    _run("run", ROOT / "experiments/slow-regression/config.json", "--out", out, "--progress", "none",
         "--set", "sweep.seeds=2", "--set", "train.steps=60000", "--set", "record.every=20000")
    return out


@functools.cache
def tasks():
    """A few short tasks."""
    out = pathlib.Path(FOLDER.name) / "tasks"
    _run("run", ROOT / "experiments/permuted/config.json", "--out", out, "--progress", "none",
         "--set", "sweep.seeds=2", "--set", "data.limit=50", "--set", "data.tasks.count=4")
    return out


@functools.cache
def experiment(name):
    """The results of a published experiment."""
    _run("reproduce", name, "--experiments", ROOT / "experiments", "--out", FOLDER.name, "--quiet")
    return pathlib.Path(FOLDER.name) / name


def call(*arguments):
    """Exit code, standard output and standard error of the program."""
    done = subprocess.run([deadrelu.program.find(), *map(str, arguments)], capture_output=True, text=True, check=False,
                          env=deadrelu.program.environment())
    return done.returncode, done.stdout, done.stderr


def _run(*arguments):
    code, _, errors = call(*arguments)
    if code not in (0, 3):
        raise AssertionError(errors)
