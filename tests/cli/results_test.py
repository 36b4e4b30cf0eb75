"""status, show, export, query: reading a result directory."""

import json
import os
import re
import shutil

import harness
from harness import RATE


class Reading(harness.Case):
    @classmethod
    def setUpClass(cls):
        """One directory with 9 of 12 runs for all tests: none of them may change it."""
        cls.trained = cls("run_once")
        cls.trained.setUp()
        cls.trained.write(harness.sweep())
        cls.trained.succeed("run", "small.json", "--out", "out", "--only", "0-8")
        cls.shared = cls.trained.folder / "out"
        cls.before = harness.fingerprint(cls.shared)
        cls.listing = sorted(os.listdir(cls.shared))

    @classmethod
    def tearDownClass(cls):
        cls.trained.doCleanups()

    def run_once(self):
        """The name that setUpClass makes an instance with."""

    def tearDown(self):
        self.assertEqual(harness.fingerprint(self.shared), self.before, "the directory was changed")
        self.assertEqual(sorted(os.listdir(self.shared)), self.listing)

    def test_status_counts(self):
        self.assertEqual(self.succeed("status", self.shared),
                         "small: 9 of 12 runs recorded, 3 missing, 0 diverged; not complete\n")
        self.assertEqual(json.loads(self.succeed("status", self.shared, "--json")),
                         {"name": "small", "runs": 12, "recorded": 9, "missing": 3, "diverged": 0, "complete": False})

    def test_status_names_the_missing_runs(self):
        ids = [row["run_id"] for row in harness.parse_csv(self.succeed("list", self.write(harness.sweep())))]
        self.assertEqual(self.succeed("status", self.shared, "--missing").split(), ids[9:])
        report = json.loads(self.succeed("status", self.shared, "--missing", "--json"))
        self.assertEqual(report["missing_runs"], ids[9:])

    def test_query_prints_csv_or_json(self):
        sql = 'SELECT "init.bias" AS bias, count(*) AS n, NULL AS empty FROM runs GROUP BY 1 ORDER BY 1 DESC'
        self.assertEqual(self.succeed("query", self.shared, sql), "bias,n,empty\n0.0,6,\n-1.0,3,\n")
        self.assertEqual(json.loads(self.succeed("query", self.shared, sql, "--json")),
                         [{"bias": 0.0, "n": 6, "empty": None}, {"bias": -1.0, "n": 3, "empty": None}])

    def test_a_query_may_ask_for_medians(self):
        values = "(SELECT 5 AS x UNION ALL SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL UNION ALL SELECT 'text')"
        self.assertEqual(self.succeed("query", self.shared, f"SELECT median(x) AS m FROM {values}"), "m\n2.5\n")
        sql = f"SELECT median(x) AS m FROM {values} WHERE x < 5 GROUP BY x > 0"
        self.assertEqual(self.succeed("query", self.shared, sql), "m\n1.75\n")
        self.assertEqual(self.succeed("query", self.shared, "SELECT median(NULL) AS m"), "m\n\n")
        self.fail_with(2, "query", self.shared, "SELECT median(1, 2)")

    def test_a_query_without_rows_still_has_its_header(self):
        sql = "SELECT run_id FROM runs WHERE 0"
        self.assertEqual(self.succeed("query", self.shared, sql), "run_id\n")
        self.assertEqual(json.loads(self.succeed("query", self.shared, sql, "--json")), [])

    def test_views_have_the_columns_of_the_tables(self):
        for table, columns in self.columns(self.shared).items():
            if table != "summary":
                text = self.succeed("query", self.shared, f"SELECT * FROM {table} WHERE 0")
                self.assertEqual(text, ",".join(columns) + "\n")

    def test_a_query_that_would_write_is_refused(self):
        for sql in ("DELETE FROM run_results", "DROP VIEW runs", "CREATE TABLE t (a)", "PRAGMA user_version = 9",
                    "ATTACH 'other.sqlite' AS other", "VACUUM", "SELECT 1; SELECT 2"):
            self.fail_with(2, "query", self.shared, sql)

    def test_a_wrong_query_is_a_usage_error(self):
        self.assertIn("no such column", self.fail_with(2, "query", self.shared, "SELECT dead FROM runs"))

    def test_show_has_a_block_a_layer_and_the_swept_values_as_rows_and_columns(self):
        text = self.succeed("show", self.shared)
        self.assertTrue(text.startswith("small: 9 of 12 runs recorded (3 missing), 0 diverged\n"), text)
        for part in (f"rows: {RATE}; columns: init.bias", "\nlayer 1\n", "\nlayer 2\n", "\nall layers\n", "train loss"):
            self.assertIn(part, text)
        block = text.split("\nlayer 2\n")[1].splitlines()
        self.assertEqual(block[0].split(), ["learning_rate", "\\", "bias", "0", "-1"])
        self.assertEqual([block[1].split()[0], block[2].split()[0], block[2].split()[2]], ["0.1", "0.01", "-"])

    def test_show_averages_the_final_dead_fractions(self):
        ids = {}
        with_ids = harness.parse_csv((self.shared / "runs.csv").read_text())
        for row in with_ids:
            ids.setdefault((float(row[RATE]), float(row["init.bias"])), []).append(row["run_id"])
        layers = harness.parse_csv((self.shared / "layers.csv").read_text())
        report = json.loads(self.succeed("show", self.shared, "--json"))
        self.assertEqual((report["axes"], report["averaged_over"]), ([RATE, "init.bias"], []))
        self.assertEqual(len(report["points"]), 3)
        for point in report["points"]:
            runs = ids[point[RATE], point["init.bias"]]
            for layer in (1, 2):
                values = [float(row["dead_fraction"]) for row in layers
                          if row["run_id"] in runs and row["step"] == "40" and row["layer"] == str(layer)]
                self.assertAlmostEqual(point["layers"][layer - 1], sum(values) / len(values), delta=1e-12)

    def test_a_directory_that_cannot_be_written_can_be_read(self):
        shutil.copytree(self.shared, self.folder / "copy")
        os.chmod(self.folder / "copy", 0o500)
        self.addCleanup(os.chmod, self.folder / "copy", 0o700)
        self.assertIn("9 of 12", self.succeed("status", "copy"))
        self.assertIn("layer 1", self.succeed("show", "copy"))

    def test_export_writes_the_tables_again(self):
        shutil.copytree(self.shared, self.folder / "copy")
        tables = self.tables("copy")
        for name in tables:
            (self.folder / "copy" / name).unlink()
        text = self.succeed("export", "copy", "--format", "csv,jsonl")
        self.assertIn("copy/runs.csv: 9 rows\n", text)
        for name, content in tables.items():
            self.assertEqual((self.folder / "copy" / name).read_bytes(), content)
            self.assertTrue((self.folder / "copy" / name.replace("csv", "jsonl")).exists())
        files = json.loads(self.succeed("export", "copy", "--json"))
        self.assertIn({"runs.csv", "layers.csv"}, [{f["name"] for f in files} & {"runs.csv", "layers.csv"}])


class Shapes(harness.Case):
    def test_show_of_one_run_is_its_layers_over_time(self):
        config = harness.sweep()
        del config["sweep"]
        self.train(config, "out")
        lines = self.succeed("show", "out").splitlines()
        heads = [i for i, line in enumerate(lines) if line.split()[:1] == ["step"]]
        self.assertEqual([" ".join(lines[i].split()) for i in heads],
                         ["step train loss gradient norm output std dead units", "step layer 1 layer 2",
                          "step layer 1 layer 2 output"])
        for head in heads:
            self.assertEqual([line.split()[0] for line in lines[head + 1:head + 4]], ["0", "20", "40"])
        metrics = [line.split()[1:3] for line in lines[heads[0] + 1:heads[0] + 4]]
        self.assertEqual(metrics, [[f"{float(row[name]):.4g}" for name in ("train_loss", "grad_norm")]
                                   for row in self.rows("out/metrics.csv")])

    def test_show_counts_what_does_not_fit(self):
        config = harness.sweep(sweep={"grid": {RATE: {"lin": [0.01, 1, 100]}}})
        config["train"]["steps"] = 2
        self.train(config, "rows")
        text = self.succeed("show", "rows")
        self.assertIn("  … 40 of 100 rows left out\n", text)
        self.assertEqual(len(re.findall(r"^  [01]\.?\d*  ", text, re.MULTILINE)), 60)
        config["sweep"]["grid"] = {"init.bias": [0, 1], **config["sweep"]["grid"]}
        self.train(config, "columns")
        self.assertRegex(self.succeed("show", "columns"), r"  … \d\d of 100 columns left out\n")
        config["model"] = {"width": 2, "depth": 9}
        config["sweep"]["grid"][RATE] = [0.1, 1]
        self.train(config, "layers")
        self.assertIn("\n… 3 of 9 layers left out\n", self.succeed("show", "layers"))
        config["sweep"]["grid"] = {RATE: [0.1, 1]}
        self.train(config, "down")
        self.assertIn("  layer 9", self.succeed("show", "down"))

    def test_show_calls_the_values_of_an_axis_by_their_names(self):
        leaky = [{"name": "leaky_relu", "slope": slope} for slope in (0.1, 0.2)]
        self.train(harness.sweep(sweep={"grid": {"model.activation": ["relu", *leaky]}}), "both")
        self.assertEqual(re.findall(r"^  ([lr]\w+(?: \w+ [\d.]+)?)  ", self.succeed("show", "both"), re.MULTILINE),
                         ["relu", "leaky_relu slope 0.1", "leaky_relu slope 0.2"])
        self.train(harness.sweep(sweep={"grid": {"model.activation": ["relu", leaky[0]]}}), "one")
        self.assertIn("\n  leaky_relu  ", self.succeed("show", "one"))

    def test_show_of_an_explosion_shows_the_layers_that_it_left(self):
        config = harness.sweep(init={"weights": {"name": "normal", "std": 1e6}}, model={"depth": 8, "width": 3, "activation": "leaky_relu"})
        del config["sweep"]
        self.train(config, "out")
        block = self.succeed("show", "out").split("standard deviations of the activations\n")[1].splitlines()
        known = [line.split()[-1] != "-" for line in block[1:9]]
        self.assertEqual(known, sorted(known, reverse=True))
        self.assertTrue(known[0] and not known[-1])

    def test_show_says_how_many_runs_are_behind_what(self):
        self.train(harness.sweep(rates=(1e30, 0.01), biases=(0,), seeds=2), "out")
        text = self.succeed("show", "out")
        self.assertRegex(text, r"\n  1e\+30 +[\d.]+\*\n")
        runs = text.split("\nruns\n")[1].splitlines()
        self.assertEqual([line.split()[1] for line in runs[1:3]], ["0/2", "2"])
        self.assertIn("*: every run of the point diverged", text)

    def test_show_knows_the_stuck_and_the_vanishing(self):
        config = harness.sweep(model={"depth": 9, "width": 4, "activation": "sigmoid"}, sweep={"seeds": 3})
        config["train"] = {"steps": 400, "optimizer": {"learning_rate": 0.1}}
        self.train(config, "out")
        gradients = {(row["run_id"], row["layer"]): float(row["grad_norm"])
                     for row in self.rows("out/layers.csv") if row["step"] == "400"}
        stuck = vanishing = 0
        for row in self.rows("out/runs.csv"):
            constant, first = float(row["constant_loss"]), gradients[row["run_id"], "1"]
            stuck += abs(float(row["train_loss"]) - constant) <= 0.01 * constant
            vanishing += first < 1e-4 and first < 1e-3 * gradients[row["run_id"], "10"]
        self.assertEqual((stuck, vanishing), (3, 3))
        text = self.succeed("show", "out")
        self.assertIn("stuck: 3/3\n", text)
        self.assertIn("vanishing: 3/3\n", text)
        point = json.loads(self.succeed("show", "out", "--json"))["points"][0]
        self.assertEqual((point["stuck_fraction"], point["vanishing_fraction"]), (1, 1))
        config["train"]["freeze"] = [1]  # its gradient is 0, and did not vanish
        self.train(config, "frozen")
        self.assertNotIn("vanishing", self.succeed("show", "frozen"))

    def test_show_of_one_axis_has_the_layers_across(self):
        config = harness.sweep(sweep={"grid": {"model.activation": ["relu", "tanh"]}, "seeds": 2})
        self.train(config, "out")
        text = self.succeed("show", "out")
        self.assertLess(text.index("  relu"), text.index("  tanh"))
        self.assertIn("layer 1  layer 2  all layers", text)

    def test_show_says_what_it_averages_over(self):
        config = harness.sweep(sweep={"grid": {"init.bias": [0, -1], RATE: [0.1, 0.01],
                                               "train.batch_size": [8, 16]}})
        self.train(config, "out")
        self.assertIn("over train.batch_size (2 values)", self.succeed("show", "out"))

    def test_show_counts_what_diverged_and_collapsed(self):
        self.train(harness.sweep(rates=(1e30, 0.01), biases=(0, -50), seeds=2), "out")
        text = self.succeed("show", "out")
        self.assertIn("\ndiverged\n", text)
        self.assertIn("2/2", text)
        self.assertIn("\ncollapsed\n", text)

    def test_show_takes_networks_of_different_depth(self):
        config = harness.sweep(sweep={"grid": {"model.hidden": [[4], [4, 4, 4, 4, 4, 4, 4, 4]]}})
        self.train(config, "out")
        text = self.succeed("show", "out")
        self.assertIn("layer 8", text)
        report = json.loads(self.succeed("show", "out", "--json"))
        self.assertEqual([len(point["layers"]) for point in report["points"]], [1, 8])

    def test_show_shows_accuracy_where_there_is_a_test_split(self):
        config = harness.sweep(data={"kind": "moons", "samples": 200, "test_fraction": 0.25})
        config["train"]["loss"] = "cross_entropy"
        self.train(config, "out")
        for quantity in ("train accuracy", "test accuracy", "train loss (median)", "test loss (median)",
                         "gradient norm (median)"):
            self.assertIn(f"\n{quantity}\n", self.succeed("show", "out"))

    def test_everything_reads_a_directory_that_has_only_runs(self):
        config = harness.sweep()
        config["record"]["tables"] = []
        self.train(config, "out")
        self.assertIn("all layers", self.succeed("show", "out"))
        self.assertIn("complete", self.succeed("status", "out"))


if __name__ == "__main__":
    harness.main()
