"""Online streams: data that comes one example after another, and the table of their bins."""

import json

import harness
from harness import RATE, stream


class Streams(harness.Case):
    def test_a_stream_has_a_row_for_each_bin(self):
        self.train(stream(), "out")
        self.assertEqual(self.header("out/stream.csv"), "run_id bin from to loss accuracy silent_fraction".split())
        rows = self.rows("out/stream.csv")
        self.assertEqual(len(rows), 6 * 5)
        self.assertEqual([(r["bin"], r["from"], r["to"]) for r in rows[:5]],
                         [("1", "0", "50"), ("2", "50", "100"), ("3", "100", "150"), ("4", "150", "200"),
                          ("5", "200", "220")])
        self.assertTrue(all(float(r["loss"]) > 0 and r["accuracy"] == "" for r in rows))
        run = self.rows("out/runs.csv")[0]  # of 220 examples
        whole = sum(float(r["loss"]) * (50 if r["bin"] != "5" else 20) for r in rows[:5]) / 220
        self.assertAlmostEqual(float(run["online_loss"]), whole, places=12)
        self.assertEqual(run["online_accuracy"], "")
        text = self.succeed("query", "out", 'SELECT count(*) AS n, max("to") AS last FROM stream')
        self.assertEqual(text, "n,last\n30,220\n")
        tables = json.loads((self.folder / "out/columns.json").read_text())["tables"]
        self.assertEqual([c["name"] for c in tables["stream"]], self.header("out/stream.csv"))

    def test_all_settings_of_a_seed_see_the_same_stream(self):
        config = stream()
        config["sweep"]["grid"] = {RATE: [0.0, 1e-30]}  # neither learns anything
        self.train(config, "out")
        rows = self.rows("out/stream.csv")
        losses = [r["loss"] for r in rows]
        self.assertEqual(losses[:15], losses[15:])
        self.assertNotEqual(losses[:5], losses[5:10])

    def test_the_stream_does_not_depend_on_threads_instruction_set_or_the_runs_beside(self):
        self.train(stream(), "out", "--threads", 1)
        self.train(stream(), "two", "--threads", 2, "--simd", "avx2")
        self.train(stream(), "one", "--only", 2)
        self.assert_same_tables("out", "two")
        alone = self.rows("one/stream.csv")
        self.assertEqual(alone, [r for r in self.rows("out/stream.csv") if r["run_id"] == alone[0]["run_id"]])

    def test_other_data_leaves_no_such_table(self):
        self.train(harness.sweep(), "out")
        self.assertFalse((self.folder / "out/stream.csv").exists())
        self.assertEqual(self.succeed("query", "out", "SELECT count(*) AS n FROM stream"), "n\n0\n")

    def test_what_an_endless_stream_cannot_do_is_said(self):
        config = stream(slow_inputs=3, standardize=True)
        config["train"] = {"batch_size": "full", "epochs": 3}
        message = self.fail_with(2, "list", self.write(config))
        for part in ("/data/slow_inputs", "/data/standardize", "/train/epochs", "/train/batch_size"):
            self.assertIn(part, message)


if __name__ == "__main__":
    harness.main()
