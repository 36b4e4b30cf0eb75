"""The package: training from Python, tables as frames, mistakes, interrupts, types."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest

import deadrelu
import numpy as np
import pandas as pd
from deadrelu.results import CHARTS_NEED
from results_to_draw import ROOT, call, stream, sweep

SMALL = {
    "name": "small",
    "data": {"kind": "function", "function": "abs", "samples": 64},
    "model": {"hidden": [6, 5]},
    "train": {"batch_size": 16, "steps": 40},
    "record": {"every": 20, "parameters": ["initial", "final"]},
    "sweep": {"grid": {"train.optimizer.learning_rate": [0.1, 1e9], "init.bias": [0, -1]}, "seeds": 2},
}
SLOW = {
    **SMALL,
    "model": {"hidden": [32, 32]},
    "train": {"batch_size": 16, "steps": 4000},
    "sweep": {"seeds": 2000},
}


def recorded(directory):
    """How many runs a directory has, while it is written too."""
    code, output, _ = call("query", directory, "SELECT count(*) FROM runs")
    return int(output.split()[1]) if code == 0 else 0


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_small(self, **options):
        return deadrelu.run(SMALL, out=self.folder / "out", progress=False, **options)

    def python(self, code, **options):
        return subprocess.Popen([sys.executable, "-c", code], cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)


class Run(Folder):
    def test_a_dict_trains_what_the_same_file_trains(self):
        results = self.run_small(set={"train.steps": 20})
        file = self.folder / "small.json"
        file.write_text(json.dumps(SMALL))
        same = deadrelu.run(file, out=self.folder / "same", set=["train.steps=20"], threads=1, progress=False)
        self.assertEqual(len(results.runs), 8)
        for table in results.tables:
            pd.testing.assert_frame_equal(getattr(results, table), getattr(same, table))

    def test_numbers_and_arrays_of_numpy_are_a_configs_numbers_and_lists(self):
        rates = np.array([0.1, 0.01], dtype=np.float32).astype(float)
        results = self.run_small(set={"train.steps": np.int64(20),
                                      "sweep.grid": {"train.optimizer.learning_rate": rates}})
        self.assertEqual(sorted(results.runs["train.optimizer.learning_rate"].unique()), sorted(rates))

    def test_results_go_where_the_program_puts_them(self):
        process = self.python(f"import deadrelu; print(deadrelu.run({SMALL!r}, progress=False).directory)")
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output.strip(), errors), (0, "results/small", ""))
        self.assertTrue((self.folder / "results/small/runs.csv").is_file())

    def test_a_mistake_is_an_exception_with_the_programs_sentence(self):
        wrong = {**SMALL, "model": {"hiden": [6]}}
        with self.assertRaises(deadrelu.DeadreluError) as caught:
            deadrelu.run(wrong, out=self.folder / "out", progress=False)
        self.assertEqual(caught.exception.code, 2)
        self.assertRegex(str(caught.exception), r'(?m)^/model/hiden: .*did you mean "hidden"\?')
        self.assertFalse((self.folder / "out").exists())
        with self.assertRaisesRegex(deadrelu.DeadreluError, "absent.json"):
            deadrelu.run(self.folder / "absent.json", progress=False)
        with self.assertRaisesRegex(TypeError, "a config cannot hold a builtin_function_or_method"):
            deadrelu.run({**SMALL, "seed": len}, progress=False)

    def test_runs_that_cannot_be_written_are_an_exception(self):
        (self.folder / "out").write_text("")
        with self.assertRaises(deadrelu.DeadreluError) as caught:
            self.run_small()
        self.assertEqual(caught.exception.code, 4)

    def test_an_interrupt_keeps_what_is_finished_and_the_next_call_goes_on(self):
        for alone in (True, False):  # sent to Python alone, or as a terminal does, to all of its group
            out = f"out{alone}"
            process = self.python(f"import deadrelu; deadrelu.run({SLOW!r}, out={out!r}, progress=False)",
                                  start_new_session=True)
            deadline = time.monotonic() + 60
            while recorded(self.folder / out) < 20 and time.monotonic() < deadline:
                self.assertIsNone(process.poll())
                time.sleep(0.02)
            (os.kill if alone else os.killpg)(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
            self.assertIn("KeyboardInterrupt", errors)
            results = deadrelu.Results(self.folder / out)
            self.assertGreaterEqual(len(results.runs), 20)
            self.assertLess(len(results.runs), 2000)
            self.assertFalse(results.manifest["complete"])

    def test_a_killed_python_takes_the_program_with_it(self):
        process = self.python(f"import deadrelu; deadrelu.run({SLOW!r}, out='out', progress=False)")
        while recorded(self.folder / "out") < 20:
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        process.kill()
        process.communicate()
        # Another one may write the directory as soon as the first has written its tables.
        code, _, errors = call("run", self.write(SLOW), "--out", self.folder / "out", "--wait", "--only", "0")
        self.assertEqual(code, 0, errors)
        self.assertLess(recorded(self.folder / "out"), 2000)

    def write(self, config):
        path = self.folder / "config.json"
        path.write_text(json.dumps(config))
        return path



class Progress(Folder):
    def test_nothing_is_drawn_into_a_file(self):
        process = self.python(f"import deadrelu; deadrelu.run({SMALL!r}, out='out')")
        output, errors = process.communicate(timeout=60)
        self.assertEqual((output, errors), ("", "out: 8 runs trained, 0 already there, 4 diverged; 8 of 8 recorded\n"))

    def test_a_terminal_has_a_bar_and_then_the_closing_line(self):
        code = f"import deadrelu; deadrelu.run({SMALL!r}, out='out')"
        done = subprocess.run(["script", "--quiet", "--command", f'{sys.executable} -c "{code}"', "/dev/null"],
                              cwd=self.folder, capture_output=True, timeout=60, check=True)
        shown = done.stdout.decode()
        self.assertIn("[##############################] 8 of 8 runs, 4 diverged", shown)
        self.assertTrue(shown.endswith("\x1b[Kout: 8 runs trained, 0 already there, 4 diverged; 8 of 8 recorded\r\n"))

    def test_a_notebook_has_an_html_bar_and_then_the_closing_line(self):
        import nbformat
        from nbclient import NotebookClient

        code = f"import deadrelu\ndeadrelu.run({SMALL!r}, out='out').plot.heat_map()"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        seen = []

        class Client(NotebookClient):
            def process_message(self, message, cell, index):
                seen.append(message["content"].get("data", {}))
                return super().process_message(message, cell, index)

        Client(notebook, timeout=120, kernel_name="python3", extra_arguments=["--log-level=ERROR"],
               resources={"metadata": {"path": str(self.folder)}}).execute()
        self.assertTrue([data for data in seen if '<progress style="width: 24em" value="1.0000">' in data.get("text/html", "")])
        line, chart = notebook.cells[0].outputs
        self.assertEqual(line["data"], {"text/plain": "out: 8 runs trained, 0 already there, 4 diverged; 8 of 8 recorded"})
        self.assertIn("image/svg+xml", chart["data"])


    def test_the_stop_button_of_a_notebook_keeps_what_is_finished(self):
        from jupyter_client.manager import start_new_kernel

        manager, client = start_new_kernel(kernel_name="python3", extra_arguments=["--log-level=ERROR"], cwd=str(self.folder))
        self.addCleanup(manager.shutdown_kernel, now=True)
        self.addCleanup(client.stop_channels)
        client.execute(f"import deadrelu; deadrelu.run({SLOW!r}, out='out')")
        deadline = time.monotonic() + 60
        while recorded(self.folder / "out") < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        manager.interrupt_kernel()
        self.assertEqual(client.get_shell_msg(timeout=60)["content"]["ename"], "KeyboardInterrupt")
        results = deadrelu.Results(self.folder / "out")
        self.assertGreaterEqual(len(results.runs), 20)
        self.assertLess(len(results.runs), 2000)


class Tables(Folder):
    def test_every_table_is_an_attribute_with_the_columns_and_types_of_columns_json(self):
        kinds = {"integer": ("int64", "Int64"), "real": ("float64",), "text": ("str", "object"), "json": ("object",)}
        for directory in (sweep(), stream(), self.run_small().directory):
            results = deadrelu.Results(directory)
            written = json.loads((directory / "columns.json").read_text())["tables"]
            self.assertEqual(results.tables, list(written))
            rows = {pathlib.Path(table["name"]).stem: table["rows"] for table in results.manifest["tables"]}
            for table, columns in written.items():
                frame = getattr(results, table)
                self.assertIn(table, dir(results))
                self.assertEqual(list(frame.columns), [column["name"] for column in columns])
                self.assertEqual(len(frame), rows.get(table, 0), table)
                for column in columns:
                    self.assertIn(str(frame[column["name"]].dtype), kinds[column["type"]], (table, column["name"]))

    def test_numbers_are_read_to_the_last_digit(self):
        results = deadrelu.Results(sweep())
        exact = [float(line.split(",")[list(results.runs.columns).index("train_loss")] or "nan")
                 for line in (sweep() / "runs.csv").read_text().splitlines()[1:]]
        np.testing.assert_array_equal(results.runs["train_loss"].to_numpy(), exact)
        np.testing.assert_array_equal(results.query("SELECT train_loss FROM runs")["train_loss"].to_numpy(), exact)

    def test_json_lines_are_read_where_there_is_no_csv(self):
        first = self.run_small()
        for file in first.directory.glob("*.csv"):
            file.unlink()
        self.assertEqual(call("export", first.directory, "--format", "jsonl")[0], 0)
        for file in first.directory.glob("*.csv"):
            file.unlink()
        results = deadrelu.Results(first.directory)
        again = deadrelu.run(SMALL, out=self.folder / "again", progress=False)
        for table in results.tables:
            pd.testing.assert_frame_equal(getattr(results, table), getattr(again, table))

    def test_a_joined_table_has_what_was_swept(self):
        results = deadrelu.Results(sweep())
        layers = results.joined("layers")
        self.assertEqual(len(layers), len(results.layers))
        self.assertEqual(list(layers.columns[-3:]), ["seed", *results.swept])

    def test_unknown_tables_and_charts_are_answered_with_the_nearest(self):
        results = deadrelu.Results(sweep())
        with self.assertRaisesRegex(AttributeError, "did you mean 'layers'"):
            results.layer
        with self.assertRaisesRegex(AttributeError, "did you mean 'heat_map'"):
            results.plot.heatmap
        with self.assertRaisesRegex(deadrelu.DeadreluError, "nothing for the chart stream_error"):
            results.plot.stream_error()
        with self.assertRaisesRegex(deadrelu.DeadreluError, "no such column: absent"):
            results.query("SELECT absent FROM runs")
        with self.assertRaisesRegex(deadrelu.DeadreluError, "no manifest.json here"):
            deadrelu.Results(self.folder)

    def test_results_that_were_trained_again_are_not_mixed_with_the_former(self):
        former = self.run_small()
        self.run_small(set={"train.steps": 30})
        with self.assertRaisesRegex(deadrelu.DeadreluError, "has been trained again"):
            former.runs


class Probe(Folder):
    def test_a_network_of_arrays_is_probed(self):
        weight, bias = np.array([[1.0, 0], [0, 1], [-1, -1]]), np.array([0.0, -9, 0])
        relu = {"name": "relu"}
        network = deadrelu.Network([deadrelu.Layer(weight, bias, relu), deadrelu.Layer(np.ones((1, 3)))])
        inputs = np.random.default_rng(0).uniform(size=(20, 2))  # so the last unit is dead, too
        for given, options in ((network, {}), (network.state_dict(), {"activation": "relu"}),
                               (network.save(self.folder / "network.npz"), {"out": self.folder / "out"})):
            results = deadrelu.probe(given, inputs, **options)
            self.assertEqual(results.units["dead"].tolist(), [0, 1, 1])
            np.testing.assert_allclose(results.units["activation_mean"], [inputs[:, 0].mean(), 0, 0])
        self.assertTrue((self.folder / "out/units.csv").is_file())

    def test_what_the_program_says_is_the_exception(self):
        with self.assertRaisesRegex(deadrelu.DeadreluError, "absent.npz"):
            deadrelu.probe(self.folder / "absent.npz", np.ones((2, 2)))


class Package(unittest.TestCase):
    def test_what_charts_need_is_said_as_the_wheel_has_it(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        needed = [*project["dependencies"], *project["optional-dependencies"]["plot"]]
        self.assertEqual(CHARTS_NEED.split(), sorted(re.match("[a-z-]+", one)[0] for one in needed))

    def test_without_altair_a_chart_says_what_to_install(self):
        blocked = "import sys; sys.modules['altair'] = None; from deadrelu.commands import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run([sys.executable, "-c", blocked, "plot", json.dumps({"directory": str(sweep())})],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertRegex(done.stderr, f"^deadrelu: plot: .* has no package altair, .* pip install {CHARTS_NEED}\n$")

    def test_it_is_of_the_programs_version(self):
        self.assertEqual(f"deadrelu {deadrelu.__version__}\n", call("--version")[1])

    def test_the_types_hold(self):
        done = subprocess.run([sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir",
                               ROOT / "build/mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
