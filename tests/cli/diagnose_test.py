"""diagnose: every rule at its threshold, by hand-made numbers in a store, and what is said of real runs."""

import json
import sqlite3
import unittest

import harness
from harness import RATE

# Of the last layer (3, the output layer): the gradient of its weights is 2.
AT_THRESHOLD = [
    # rule, table, column, a value that just does not fire, one that does; of layer 1 at the last step
    ("dead_layer", "layer_rows", "dead_fraction", 0.75, 1.0),
    ("dying", "layer_rows", "dead_fraction", 0.0999, 0.1001),  # none is dead at step 0
    ("saturated", "layer_rows", "saturated_fraction", 0.4999, 0.5),
    ("large_updates", "layer_rows", "update_ratio", 1.0, 1.0001),
    ("born_dead", "run_results", "born_dead", 0, 1),
    ("collapsed", "run_results", "collapsed", 0, 1),
    ("stuck", "run_results", "train_loss", 1.0101, 1.0099),  # constant_loss is 1
    ("diverged", "run_results", "status", "ok", "diverged"),
    ("sagemaker/dead_relu", "layer_rows", "rarely_active_fraction", 0.5, 0.75),
    ("sagemaker/vanishing_gradient", "layer_rows", "grad_rms", 1.01e-7, 0.99e-7),
    ("autotrainer/dying_relu", "metric_rows", "zero_gradient_entries", 0.6999, 0.7),
    ("autotrainer/vanishing_gradient", "layer_rows", "grad_norm_weights", 1.01e-4, 0.99e-4),
    ("autotrainer/exploding_gradient", "layer_rows", "grad_norm_weights", 140.0, 140.1),
    ("thedeepchecker/dead_layer", "unit_rows", "active_fraction", 0.05, 0.0499),
    ("thedeepchecker/untrained", "layer_rows", "update_ratio", 1e-12, 0.0),
    ("thedeepchecker/vanishing_gradient", "layer_rows", "grad_rms", 1.01e-6, 0.99e-6),
    ("deepdiagnosis/dead_node", "layer_rows", "sparsity", 0.6999, 0.7),
]

HEALTHY = {
    "layer_rows": {"dead_fraction": 0, "saturated_fraction": 0, "update_ratio": 0.01, "rarely_active_fraction": 0,
                   "grad_rms": 0.5, "grad_norm_weights": 2, "sparsity": 0.5},
    "metric_rows": {"zero_gradient_entries": 0},
    "unit_rows": {"active_fraction": 0.5},
    "run_results": {"born_dead": 0, "collapsed": 0, "constant_loss": 1, "train_loss": 0.5, "status": "ok",
                    "diverged_step": 20},
}


class Diagnose(harness.Case):
    def setUp(self):
        super().setUp()
        config = harness.sweep(steps=40, seeds=1, rates=[0.1], biases=[0])
        config["model"] = {"hidden": [4, 4]}
        config["record"] = {"every": 20, "tables": ["metrics", "layers", "units"]}
        self.train(config, "out")
        for table, columns in HEALTHY.items():
            for column, value in columns.items():
                hidden = " WHERE layer < 3" if column == "dead_fraction" else ""
                self.change(f"UPDATE {table} SET {column} = ?{hidden}", value)

    def change(self, sql, *values):
        with sqlite3.connect(self.folder / "out/results.sqlite") as db:
            db.execute(sql, values)
        db.close()

    def findings(self, *options):
        return json.loads(self.succeed("diagnose", "out", "--json", *options))

    def test_each_rule_fires_beyond_its_threshold_and_not_before(self):
        self.assertEqual(self.findings(), [])
        rules = set()
        for rule, table, column, below, beyond in AT_THRESHOLD:
            where = {"layer_rows": " WHERE layer = 1 AND step = 40", "unit_rows": " WHERE layer = 1 AND step = 40 AND unit < 4",
                     "metric_rows": " WHERE step = 40", "run_results": ""}[table]
            for value, fires in ((below, False), (beyond, True)):
                self.change(f"UPDATE {table} SET {column} = ?{where}", value)
                found = {row["rule"]: row for row in self.findings()}
                self.assertEqual(rule in found, fires, (rule, value))
                if fires:
                    row = found[rule]
                    self.assertEqual((row["runs"], row["of"]), (1, 1))
                    self.assertEqual(row["layer"], 1 if table in ("layer_rows", "unit_rows") else None)
                    self.assertIn(column, row["condition"].replace("$silent", "active_fraction"))
                    self.assertTrue(row["try"] and row["meaning"])
                    since = {"born_dead": 0, "diverged": 20, "collapsed": None, "stuck": None}.get(rule, 40)
                    self.assertEqual(row["since"], since)
                self.assertEqual(self.run_program("diagnose", "out", "--fail-on", rule).returncode, 3 if fires else 0)
            self.change(f"UPDATE {table} SET {column} = ?" + (" WHERE layer < 3" if column == "dead_fraction" else ""),
                        HEALTHY[table][column])
            rules.add(rule)
        # None is left out: the program names them all.
        said = self.fail_with(2, "diagnose", "out", "--fail-on", "dead_lair")
        self.assertIn("did you mean 'dead_layer'?", said)
        self.assertEqual(set(said.split("there are ")[1].strip().split(", ")), rules)

    def test_a_finding_says_since_when_without_a_break_and_how_many_units(self):
        for step, dead in ((0, 1.0), (20, 0.0), (40, 1.0)):
            self.change("UPDATE layer_rows SET dead_fraction = ? WHERE layer = 2 AND step = ?", dead, step)
        row, = [row for row in self.findings() if row["rule"] == "dead_layer"]
        self.assertEqual((row["layer"], row["since"], row["units"], row["of_units"]), (2, 40, 4, 4))
        self.change("UPDATE layer_rows SET dead_fraction = 1 WHERE layer = 2")
        row, = [row for row in self.findings() if row["rule"] == "dead_layer"]
        self.assertEqual(row["since"], 0)
        line, = [line for line in self.succeed("diagnose", "out").splitlines() if line.startswith("dead_layer")]
        self.assertIn(f"dead_layer, layer 2, in 1 of 1 runs (first {row['first_run']}), from step 0 on, 4 of 4 units: "
                      "every unit", line)
        self.assertIn("try a lower learning rate", line)
        self.assertEqual(harness.parse_csv(self.succeed("diagnose", "out", "--csv"))[0]["rule"], "dead_layer")
        # What has passed at the last step is no finding.
        self.change("UPDATE layer_rows SET dead_fraction = 0.5 WHERE layer = 2 AND step = 40")
        self.assertNotIn("dead_layer", [row["rule"] for row in self.findings()])

    def test_what_is_not_recorded_is_said_with_what_to_record(self):
        config = harness.sweep()
        config["record"]["tables"] = ["metrics", "layers"]
        self.train(config, "less")
        self.assertIn("thedeepchecker/dead_layer cannot be told: it takes record.tables with units",
                      self.succeed("diagnose", "less"))
        rows = {row["rule"]: row for row in json.loads(self.succeed("diagnose", "less", "--json"))}
        self.assertEqual(rows["thedeepchecker/dead_layer"]["of"], 0)
        self.assertEqual(rows["thedeepchecker/dead_layer"]["try"], "not recorded: record.tables with units")
        verdicts = harness.parse_csv(self.succeed("diagnose", "less", "--verdicts"))
        self.assertEqual({row["thedeepchecker/dead_layer"] for row in verdicts}, {""})

    def test_verdicts_are_a_row_for_each_hidden_layer_of_each_run(self):
        config = harness.sweep(rates=(0.1, 100.0), biases=(0, -9))
        config["record"] = {"every": 20, "tables": ["metrics", "layers", "units"]}
        self.train(config, "many")
        rows = harness.parse_csv(self.succeed("diagnose", "many", "--verdicts"))
        runs = {row["run_id"]: row for row in self.rows("many/runs.csv")}
        last = {(row["run_id"], row["layer"]): row for row in self.rows("many/layers.csv") if row["dead_fraction"]}
        self.assertEqual([(row["run_id"], row["layer"]) for row in rows], list(last))
        for row in rows:
            recorded = last[row["run_id"], row["layer"]]
            self.assertEqual(float(row["dead_fraction"]), float(recorded["dead_fraction"]))
            self.assertEqual(row["dead_layer"] == "1", float(recorded["dead_fraction"]) == 1)
            self.assertEqual(row["deepdiagnosis/dead_node"] == "1", float(recorded["sparsity"]) >= 0.7)
            self.assertEqual(row["born_dead"], runs[row["run_id"]]["born_dead"])
            self.assertIn(row["autotrainer/dying_relu"], ("0", "1"))
        self.assertEqual({row["dead_layer"] for row in rows}, {"0", "1"})
        # Sensitivity and specificity are counts of these.
        count = lambda truth, said: sum((float(r["dead_fraction"]) > 0.5) == truth and r["sagemaker/dead_relu"] == said
                                        for r in rows)
        self.assertEqual(sum(count(t, s) for t in (True, False) for s in "01"), len(rows))
        self.assertEqual(count(True, "0"), 0)


if __name__ == "__main__":
    harness.main()
