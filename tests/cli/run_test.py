"""run: what it writes, what it says, and what it trains again."""

import hashlib
import json
import os
import re

import harness
from harness import RATE


class Tables(harness.Case):
    @classmethod
    def setUpClass(cls):
        """Trained once: these tests only read."""
        trained = cls("prepare")
        harness.Case.setUp(trained)
        cls.addClassCleanup(trained.doCleanups)
        cls.folder, cls.line = trained.folder, trained.train(harness.sweep(), "out")

    def setUp(self):
        """The folder is there already."""

    def prepare(self):
        """The name that setUpClass makes an instance with."""

    def test_the_closing_line_says_what_was_done(self):
        self.assertEqual(self.line, "out: 12 runs trained, 0 already there, 0 diverged; 12 of 12 recorded\n")

    def test_the_directory_holds_the_store_the_tables_and_nothing_else(self):
        self.assertEqual({name for name in os.listdir(self.folder / "out") if not name.startswith(".")},
                         {"results.sqlite", "manifest.json", "columns.json", "runs.csv", "metrics.csv", "layers.csv",
                          "summary.csv"})

    def test_tables_start_with_the_run_and_the_swept_keys(self):
        self.assertEqual(self.header("out/runs.csv")[:5], ["run_id", "seed", RATE, "init.bias", "status"])
        self.assertEqual(self.header("out/metrics.csv")[:2], ["run_id", "step"])
        self.assertEqual(self.header("out/layers.csv")[:3], ["run_id", "step", "layer"])
        self.assertEqual(self.header("out/summary.csv")[:3], [RATE, "init.bias", "n"])

    def test_columns_json_describes_every_column(self):
        columns = self.columns("out")
        for name in self.table_names("out"):
            if name != "columns.json":
                self.assertEqual(columns[name.removesuffix(".csv")], self.header(f"out/{name}"))

    def test_rows_come_in_the_order_of_the_sweep_and_join_by_run_id(self):
        ids = [row["run_id"] for row in self.rows("out/runs.csv")]
        self.assertEqual(ids, [row["run_id"] for row in harness.parse_csv(self.succeed("list", "out.json"))])
        metrics = [(row["run_id"], row["step"]) for row in self.rows("out/metrics.csv")]
        self.assertEqual(metrics, [(run, step) for run in ids for step in ("0", "20", "40")])
        layers = [(row["run_id"], row["step"], row["layer"]) for row in self.rows("out/layers.csv")]
        self.assertEqual(layers, [(r, s, l) for r in ids for s in ("0", "20", "40") for l in ("1", "2", "3")])

    def test_reals_carry_a_point_integers_never_and_nothing_is_nan(self):
        tables = json.loads((self.folder / "out/columns.json").read_text())["tables"]
        for name in self.table_names("out"):
            if name == "columns.json":
                continue
            types = {column["name"]: column["type"] for column in tables[name.removesuffix(".csv")]}
            for row in self.rows(f"out/{name}"):
                for column, cell in row.items():
                    if cell and types[column] == "integer":
                        self.assertRegex(cell, r"^-?\d+$", column)
                    elif cell and types[column] == "real":
                        self.assertRegex(cell, r"^-?\d.*[.e]", column)
                        self.assertEqual(repr(float(cell)), repr(float(repr(float(cell)))))

    def test_csv_has_unix_lines(self):
        for contents in self.tables("out").values():
            self.assertNotIn(b"\r", contents)
            self.assertTrue(contents.endswith(b"\n"))

    def test_the_manifest_says_where_the_results_come_from(self):
        manifest = json.loads((self.folder / "out/manifest.json").read_text())
        text = json.dumps(manifest)
        for name, contents in self.tables("out").items():
            self.assertIn(hashlib.sha256(contents).hexdigest(), text, name)
        self.assertIn('"abs"', text)


class Options(harness.Case):
    def test_results_go_to_a_folder_of_the_configs_name(self):
        self.succeed("run", self.write(harness.sweep()))
        self.assertTrue((self.folder / "results/small/runs.csv").exists())

    def test_without_a_name_the_files_name_is_taken(self):
        config = harness.sweep()
        del config["name"]
        self.succeed("run", self.write(config, "my_sweep.json"))
        self.assertTrue((self.folder / "results/my_sweep/runs.csv").exists())

    def test_a_config_comes_from_standard_input(self):
        self.succeed("run", "-", "--out", "piped", stdin=json.dumps(harness.sweep()))
        self.train(harness.sweep(), "out")
        self.assert_same_tables("piped", "out")

    def test_only_takes_an_id_or_positions(self):
        config = self.write(harness.sweep())
        ids = [row["run_id"] for row in harness.parse_csv(self.succeed("list", config))]
        for only, expected in ((ids[7], ids[7:8]), ("0", ids[:1]), ("3-5", ids[3:6]), ("10-", ids[10:])):
            out = f"only_{only}"
            self.succeed("run", config, "--out", out, "--only", only)
            self.assertEqual([row["run_id"] for row in self.rows(f"{out}/runs.csv")], expected)

    def test_a_dry_run_counts_and_writes_nothing(self):
        config = self.write(harness.sweep())
        text = self.succeed("run", config, "--dry-run")
        self.assertIn("would train 12 of 12 runs; 0 recorded already", text)
        first = harness.parse_csv(self.succeed("list", config))[0]["run_id"]
        self.assertIn(first, text)
        self.assertEqual(os.listdir(self.folder), ["small.json"])
        self.succeed("run", config, "--out", "out", "--only", "2-4")
        before = harness.fingerprint(self.folder)
        self.assertIn("would train 9 of 12 runs; 3 recorded already",
                      self.succeed("run", config, "--out", "out", "--dry-run"))
        self.assertEqual(harness.fingerprint(self.folder), before)

    def test_formats_choose_the_files(self):
        self.train(harness.sweep(), "out", "--format", "jsonl,csv")
        tables = [name.removesuffix(".csv") for name in self.table_names("out") if name.endswith(".csv")]
        self.assertIn("summary", tables)
        for table in tables:
            objects = [json.loads(line) for line in (self.folder / f"out/{table}.jsonl").read_text().splitlines()]
            rows = self.rows(f"out/{table}.csv")
            self.assertEqual(len(objects), len(rows))
            self.assertEqual(list(objects[0]), list(rows[0]))
            for object_, row in zip(objects, rows, strict=True):
                for name, value in object_.items():
                    self.assertEqual("" if value is None else str(value) if isinstance(value, str) else float(value),
                                     row[name] if value is None or isinstance(value, str) else float(row[name]))

    def test_a_diverging_run_is_a_result(self):
        line = self.train(harness.sweep(rates=(1e30, 0.01), biases=(0,), seeds=2), "out")
        self.assertIn("2 diverged; 4 of 4 recorded", line)
        rows = self.rows("out/runs.csv")
        self.assertEqual([row["status"] for row in rows], ["diverged"] * 2 + ["ok"] * 2)
        self.assertTrue(rows[0]["diverged_step"])
        self.assertEqual(rows[0]["train_loss"], "")
        for contents in self.tables("out").values():
            self.assertIsNone(re.search(rb"\b(nan|inf)\b", contents, re.IGNORECASE))

    def test_a_formula_without_a_value_ends_its_run_as_diverged(self):
        formulas = ["1/(x - x)", "exp(exp(99 + x))", "log(-1 - x^2)", "x/2"]
        config = {"data": {"kind": "function", "samples": 20}, "train": {"steps": 5, "batch_size": 5},
                  "model": {"hidden": [3], "activation": {"name": "expression", "formula": "x"}},
                  "sweep": {"grid": {"model.activation.formula": formulas, "train.precision": ["float32", "float64"]}}}
        self.assertIn("6 diverged; 8 of 8 recorded", self.train(config, "out"))
        status = {(row["model.activation.formula"], row["status"]) for row in self.rows("out/runs.csv")}
        self.assertEqual(status, {(formula, "ok" if formula == "x/2" else "diverged") for formula in formulas})

    def test_quiet_is_silent(self):
        done = self.run_program("run", self.write(harness.sweep()), "-q", "--out", "out")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_verbose_says_what_is_done(self):
        done = self.run_program("run", self.write(harness.sweep()), "-v", "--out", "out", "--threads", "2")
        self.assertIn("12 of 12 runs asked for, 2 threads", done.stderr)

    def test_a_run_that_cannot_be_trained_exits_1_and_keeps_the_others(self):
        (self.folder / "big.csv").write_text("x,y\n" + "".join(f"{i},{i}\n" for i in range(40)))
        (self.folder / "few.csv").write_text("x,y\n" + "".join(f"{i},{i}\n" for i in range(4)))
        config = harness.sweep(data={"kind": "csv", "path": "big.csv", "targets": ["y"]},
                               sweep={"grid": {"data.path": ["big.csv", "few.csv"]}})
        error = self.fail_with(1, "run", self.write(config), "--out", "out")
        failed = harness.parse_csv(self.succeed("list", "small.json"))[1]["run_id"]
        self.assertIn(f"run {failed} (position 1) failed: train.batch_size", error)
        self.assertEqual(len(self.rows("out/runs.csv")), 1)
        self.assertIn("1 missing", self.succeed("status", "out"))

    def test_nothing_is_written_before_the_first_data_set_is_readable(self):
        config = self.write(harness.sweep(data={"kind": "csv", "path": "absent.csv", "targets": ["y"]}))
        self.assertIn("absent.csv", self.fail_with(4, "run", config, "--out", "out"))
        self.assertEqual(os.listdir(self.folder), ["small.json"])

    def test_a_contradiction_with_the_data_is_a_config_error(self):
        (self.folder / "few.csv").write_text("x,y\n1,2\n3,4\n")
        config = self.write(harness.sweep(data={"kind": "csv", "path": "few.csv", "targets": ["y"]}))
        self.assertIn("small.json: /train/batch_size: ", self.fail_with(2, "run", config, "--out", "out"))
        self.assertFalse((self.folder / "out").exists())

    def test_a_malformed_data_file_is_named_with_its_row(self):
        (self.folder / "bad.csv").write_text("x,y\n1,2\n3,four\n")
        config = self.write(harness.sweep(data={"kind": "csv", "path": "bad.csv", "targets": ["y"]}))
        self.assertRegex(self.fail_with(4, "run", config), r"^\S*bad.csv:3: ")


class ProgressReports(harness.Case):
    def test_json_progress_is_one_object_a_line_and_ends_complete(self):
        done = self.run_program("run", self.write(harness.sweep()), "--progress", "json")
        last = [json.loads(line) for line in done.stderr.splitlines()][-1]
        self.assertEqual(list(last), ["done", "total", "diverged", "runs_per_second", "remaining_seconds"])
        self.assertEqual((last["done"], last["total"], last["remaining_seconds"]), (12, 12, 0))

    def test_progress_counts_what_was_there_before(self):
        config = self.write(harness.sweep())
        self.succeed("run", config, "--only", "0-4")
        done = self.run_program("run", config, "--progress", "json")
        last = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual((last["done"], last["total"]), (12, 12))

    def test_no_terminal_no_bar(self):
        done = self.run_program("run", self.write(harness.sweep()))
        self.assertNotIn("\x1b", done.stderr + done.stdout)
        self.assertEqual(done.stderr, "")

    def test_a_terminal_gets_a_bar_that_is_cleared_at_the_end(self):
        code, text = self.on_terminal("run", self.write(harness.slow_sweep(80)), "--threads", "1")
        self.assertEqual(code, 0)
        self.assertRegex(text, r"\d+/80 runs \[[#.]+\] +\d+ %, [\d.]+ runs/s, \d+:\d\d left")
        self.assertTrue(text.rstrip().split("\x1b[K")[-1].startswith("results/small: 80 runs trained"), text[-300:])

    def test_tables_are_coloured_on_a_terminal_unless_no_color_is_set(self):
        self.train(harness.sweep(), "out")
        self.assertIn("\x1b[38;5;", self.on_terminal("show", "out")[1])
        self.assertNotIn("\x1b", self.on_terminal("show", "out", NO_COLOR="1")[1])
        self.assertNotIn("\x1b", self.succeed("show", "out"))


class WhatIsMissing(harness.Case):
    def test_a_second_time_nothing_is_trained_and_the_tables_stay_the_same(self):
        self.train(harness.sweep(), "out")
        before = self.tables("out")
        self.assertIn("0 runs trained, 12 already there", self.train(harness.sweep(), "out"))
        self.assertEqual(self.tables("out"), before)

    def test_an_extended_sweep_trains_only_what_is_new(self):
        self.train(harness.sweep(), "out")
        larger = harness.sweep(rates=(0.2, 0.1, 0.01), seeds=4)
        self.assertIn("12 runs trained, 12 already there", self.train(larger, "out"))
        self.train(larger, "fresh")
        self.assert_same_tables("out", "fresh")

    def test_a_smaller_sweep_exports_its_own_runs_and_keeps_the_others(self):
        self.train(harness.sweep(), "out")
        before = self.tables("out")
        smaller = harness.sweep(rates=(0.01,), seeds=2)
        self.assertIn("0 runs trained, 4 already there, 0 diverged; 4 of 4", self.train(smaller, "out"))
        self.assertEqual(len(self.rows("out/runs.csv")), 4)
        self.assertIn("0 runs trained, 12 already there", self.train(harness.sweep(), "out"))
        self.assertEqual(self.tables("out"), before)

    def test_a_reordered_sweep_trains_nothing_and_reorders_the_rows(self):
        self.train(harness.sweep(), "out")
        config = harness.sweep()
        config["sweep"]["grid"] = dict(reversed(config["sweep"]["grid"].items()))
        former = {row["run_id"]: row for row in self.rows("out/runs.csv")}
        self.assertIn("0 runs trained, 12 already there", self.train(config, "out"))
        rows = self.rows("out/runs.csv")
        self.assertNotEqual([row["run_id"] for row in rows], list(former))
        self.assertEqual({row["run_id"]: row for row in rows}, former)

    def test_part_by_part_comes_to_the_same_as_at_once(self):
        config = self.write(harness.sweep())
        for only in ("8-", "0-2", "5", "0-"):
            self.succeed("run", config, "--out", "parts", "--only", only)
        self.train(harness.sweep(), "whole")
        self.assert_same_tables("parts", "whole")


if __name__ == "__main__":
    harness.main()
