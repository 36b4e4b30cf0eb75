"""What the black-box tests share. Each of them runs as `python3 tests/cli/NAME_test.py PATH_TO_BINARY`."""

import csv
import hashlib
import io
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BINARY = None

COMPARE = pathlib.Path(__file__).resolve().parents[2] / "scripts/compare_tables"
RATE = "train.optimizer.learning_rate"


def main():
    """Takes the binary's path from the command line and runs the tests of the calling file."""
    global BINARY
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who is started in the background ignores it, and so would programs
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PATH_TO_BINARY [unittest options]")
    BINARY = os.path.abspath(sys.argv.pop(1))
    # The test files import this module by name; they have to see the same BINARY.
    sys.modules["harness"].BINARY = BINARY
    unittest.main(module="__main__")


def sweep(steps=40, seeds=3, rates=(0.1, 0.01), biases=(0, -1), **more):
    """A small sweep: learning rate by bias by seed on |x|."""
    config = {
        "name": "small",
        "data": {"kind": "function", "function": "abs", "samples": 64},
        "model": {"hidden": [6, 5]},
        "train": {"batch_size": 16, "steps": steps},
        "record": {"every": 20},
        "sweep": {"grid": {RATE: list(rates), "init.bias": list(biases)}, "seeds": seeds},
    }
    config.update(more)
    return config


def slow_sweep(runs=400, seeds_a_point=4):
    """Takes a few seconds, in many packs, half of them of an online stream: what the tests interrupt."""
    rates = [round(0.001 * (i + 1), 6) for i in range(runs // 2 // seeds_a_point)]
    config = sweep(steps=10000, seeds=seeds_a_point)
    data = [config.pop("data"), {"kind": "slowly_changing_regression", "change_every": 100, "bin": 20000}]
    config["sweep"]["grid"] = {RATE: rates, "data": data}
    config["model"] = {"hidden": [16, 16]}
    config["record"] = {"every": 5000}
    return config


class Case(unittest.TestCase):
    """A test with a folder of its own, where the program runs."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="deadrelu_cli_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, config, name="small.json"):
        path = self.folder / name
        path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
        return name

    def command(self, *arguments):
        return [BINARY, *(str(a) for a in arguments)]

    def environment(self, **variables):
        plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        return {**plain, "TERM": "xterm", **variables}

    def run_program(self, *arguments, stdin=None, **environment):
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=120,
            env=self.environment(**environment), check=False,
        )

    def succeed(self, *arguments, stdin=None, **environment):
        done = self.run_program(*arguments, stdin=stdin, **environment)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stderr}")
        return done.stdout

    def on_terminal(self, *arguments, **environment):
        """Runs on a pseudo-terminal; returns exit code and all output."""
        try:
            pid, terminal = pty.fork()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal to be had: {error}")
        if pid == 0:
            os.chdir(self.folder)
            os.execve(BINARY, self.command(*arguments), self.environment(**environment))
        text = b""
        try:
            while chunk := os.read(terminal, 65536):
                text += chunk
        except OSError:  # the other end has gone
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()

    def fail_with(self, code, *arguments, stdin=None, **environment):
        """Returns what the program says on standard error."""
        done = self.run_program(*arguments, stdin=stdin, **environment)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertNotEqual(done.stderr.strip(), "", "an error without a sentence")
        return done.stderr

    def train(self, config, out, *options):
        """Trains a config into a folder and returns the closing line."""
        return self.succeed("run", self.write(config, f"{out}.json"), "--out", out, *options)

    def table_names(self, out):
        """The files that the manifest names: every table, and columns.json."""
        return [table["name"] for table in json.loads((self.folder / out / "manifest.json").read_text())["tables"]]

    def tables(self, out):
        return {name: (self.folder / out / name).read_bytes() for name in self.table_names(out)}

    def assert_same_tables(self, first, second):
        self.assertEqual(compare_tables(self.folder / first, self.folder / second), "")

    def columns(self, out):
        """The names of every table's columns, as columns.json has them."""
        tables = json.loads((self.folder / out / "columns.json").read_text())["tables"]
        return {table: [column["name"] for column in columns] for table, columns in tables.items()}

    def rows(self, path):
        with open(self.folder / path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def header(self, path):
        with open(self.folder / path, newline="", encoding="utf-8") as file:
            return next(csv.reader(file))


def stream(**more):
    """A small sweep over an online stream, with rows in every table but those of tasks and deaths."""
    config = {
        "name": "small",
        "data": {"kind": "slowly_changing_regression", "change_every": 100, "bin": 50},
        "model": {"hidden": [5]},
        "train": {"batch_size": 1, "steps": 220},
        "record": {"every": 100, "tables": ["metrics", "layers", "units"], "parameters": ["final"],
                   "effective_rank": True},
        "sweep": {"grid": {RATE: [0.01, 0.001]}, "seeds": 3},
    }
    config["data"].update(more)
    return config


def every_table():
    """That stream, and tasks beside it, where units die: together they have every table."""
    config = stream()
    config["record"]["deaths"] = "every_step"
    config["train"]["optimizer"] = {"name": "sgd", "learning_rate": 0.2}
    tasks = {"kind": "blobs", "samples": 40, "tasks": {"change": "permute_inputs", "every": {"steps": 100}}}
    config["sweep"]["grid"] = {"data": [config.pop("data"), tasks]}
    return config


def compare_tables(first, second):
    """What differs between the tables of two result directories; "" where nothing does."""
    done = subprocess.run([COMPARE, first, second], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == ""), done
    return done.stderr


def parse_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def fingerprint(folder):
    """Every file below a folder with a hash of its contents."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()
    }
