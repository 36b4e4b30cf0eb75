"""What the black-box tests share. Each of them runs as `python3 tests/cli/NAME_test.py PATH_TO_BINARY`."""

import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = None

OUTCOMES = (
    "status steps diverged_step train_loss_initial train_loss test_loss train_accuracy test_accuracy "
    "dead_fraction_initial dead_fraction dead_fraction_max dead_layers born_dead collapsed deaths revivals"
).split()
METRICS = (
    "run_id step epoch learning_rate batch_loss train_loss test_loss train_accuracy test_accuracy grad_norm "
    "weight_norm dead_fraction"
).split()
LAYERS = (
    "run_id step layer units dead_fraction never_active_fraction rarely_active_fraction dormant_fraction "
    "saturated_fraction zero_gradient_fraction dead_input_fraction sparsity died revived activation_mean "
    "activation_std preactivation_mean preactivation_std preactivation_max_min grad_norm grad_norm_weights "
    "grad_norm_bias grad_rms weight_norm bias_mean update_ratio effective_rank"
).split()
TABLES = ("runs.csv", "metrics.csv", "layers.csv", "summary.csv")
RATE = "train.optimizer.learning_rate"


def main():
    """Takes the binary's path from the command line and runs the tests of the calling file."""
    global BINARY
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
    """Takes a few seconds, in many packs: what the tests interrupt."""
    rates = [round(0.001 * (i + 1), 6) for i in range(runs // seeds_a_point)]
    config = sweep(steps=3000, seeds=seeds_a_point, rates=rates, biases=(0,))
    config["model"] = {"hidden": [16, 16]}
    config["record"] = {"every": 1000}
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

    def fail_with(self, code, *arguments, stdin=None, **environment):
        """Returns what the program says on standard error."""
        done = self.run_program(*arguments, stdin=stdin, **environment)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertNotEqual(done.stderr.strip(), "", "an error without a sentence")
        return done.stderr

    def train(self, config, out, *options):
        """Trains a config into a folder and returns the closing line."""
        return self.succeed("run", self.write(config, f"{out}.json"), "--out", out, *options)

    def tables(self, out, names=TABLES):
        return {name: (self.folder / out / name).read_bytes() for name in names}

    def assert_same_tables(self, first, second, names=TABLES):
        for name in names:
            self.assertEqual(self.tables(first, [name]), self.tables(second, [name]), f"{name} differs")

    def rows(self, path):
        with open(self.folder / path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def header(self, path):
        with open(self.folder / path, newline="", encoding="utf-8") as file:
            return next(csv.reader(file))


def stream(**more):
    """A small sweep over an online stream."""
    config = {
        "name": "small",
        "data": {"kind": "slowly_changing_regression", "change_every": 100, "bin": 50},
        "model": {"hidden": [5]},
        "train": {"batch_size": 1, "steps": 220},
        "record": {"every": 100},
        "sweep": {"grid": {RATE: [0.01, 0.001]}, "seeds": 3},
    }
    config["data"].update(more)
    return config


def parse_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def fingerprint(folder):
    """Every file below a folder with a hash of its contents."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()
    }
