"""Results of several processes as one: merge, and the check of what is recorded: verify."""

import json
import random
import sqlite3

import harness


class Merge(harness.Case):
    def setUp(self):
        super().setUp()
        self.name = self.write(harness.sweep(record={"every": 20, "tables": ["metrics", "layers", "units"],
                                                     "parameters": ["final"]}))
        self.succeed("run", self.name, "--out", "whole")

    def shard(self, index, count, out="parts"):
        self.succeed("run", self.name, "--out", out, "--shard", f"{index}/{count}", "-q")

    def change(self, out, sql):
        store = sqlite3.connect(self.folder / out / "results.sqlite")
        with store:
            self.assertGreater(store.execute(sql).rowcount, 0)
        store.close()

    def test_shards_in_any_order_and_some_of_them_twice_are_the_whole(self):
        order = random.Random(1)
        for count in (1, 3, 16):
            out = f"parts{count}"
            indices = list(range(count))
            order.shuffle(indices)
            for index in indices:
                self.shard(index, count, out)
            for index in indices[:2]:
                self.shard(index, count, "again")
            line = self.succeed("merge", out, out, "again")
            self.assertIn("12 of 12 recorded", line)
            self.assert_same_tables(out, "whole")

    def test_merging_again_and_into_what_is_there_changes_no_table(self):
        self.shard(0, 2)
        self.shard(1, 2)
        before = self.tables("whole")
        self.assertIn("0 runs joined from 2 stores, 12 found twice", self.succeed("merge", "whole", "parts"))
        self.assertEqual(before, self.tables("whole"))

    def test_missing_runs_are_named_and_the_others_joined(self):
        self.shard(0, 3)
        self.shard(2, 3)
        error = self.fail_with(3, "merge", "parts")
        self.assertIn("4 runs are missing", error)
        for row in harness.parse_csv(self.succeed("list", self.name))[1::3]:
            self.assertIn(row["run_id"], error)
        self.assertEqual(len(self.rows("parts/runs.csv")), 8)
        self.shard(1, 3)
        self.succeed("merge", "parts")
        self.assert_same_tables("parts", "whole")

    def test_a_merged_directory_trains_only_what_is_missing(self):
        self.shard(0, 3)
        self.fail_with(3, "merge", "parts")
        self.assertIn("8 runs trained, 4 already there", self.succeed("run", self.name, "--out", "parts"))
        self.assert_same_tables("parts", "whole")

    def test_runs_that_differ_in_a_bit_are_named_and_nothing_is_written(self):
        self.shard(0, 2)
        self.change("parts/shards/0-of-2", "UPDATE unit_rows SET bias = bias + 1e-16 WHERE run = 3 AND step = 20")
        run_id = harness.parse_csv(self.succeed("list", self.name))[4]["run_id"]
        before = harness.fingerprint(self.folder)
        for out in ("whole", "new"):
            error = self.fail_with(3, "merge", out, "whole", "parts")
            self.assertIn(run_id, error)
            self.assertIn("units, step 20, layer 1, unit", error)
            self.assertEqual(before, harness.fingerprint(self.folder))
        self.assertFalse((self.folder / "new").exists())

    def test_the_sign_of_zero_is_a_difference(self):
        self.shard(0, 2)
        self.change("parts/shards/0-of-2", "UPDATE layer_rows SET dead_fraction = -0.0 WHERE dead_fraction = 0.0")
        self.assertIn("dead_fraction is 0.0 and -0.0", self.fail_with(3, "merge", "new", "whole", "parts"))

    def test_another_sweep_is_told_and_config_chooses_the_sweep_of_the_tables(self):
        self.shard(0, 2)
        larger = harness.sweep(seeds=4, record={"every": 20, "tables": ["metrics", "layers", "units"],
                                                "parameters": ["final"]})
        self.write(larger, "larger.json")
        self.succeed("run", "larger.json", "--out", "parts", "--shard", "1/2")
        done = self.run_program("merge", "parts", "--config", "larger.json")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("holds another config", done.stderr)
        self.succeed("run", "larger.json", "--out", "parts")
        self.succeed("run", "larger.json", "--out", "large")
        self.assert_same_tables("parts", "large")

    def test_directories_without_results_are_refused(self):
        (self.folder / "empty").mkdir()
        self.assertIn("holds no results", self.fail_with(4, "merge", "out", "whole", "empty"))
        self.assertFalse((self.folder / "out").exists())


class MergeStream(harness.Case):
    def test_shards_of_a_stream_are_the_whole(self):
        name = self.write(harness.stream())
        self.succeed("run", name, "--out", "whole")
        self.succeed("run", name, "--out", "some", "--only", "0-2")
        self.succeed("run", name, "--out", "parts", "--only", "3-")
        self.succeed("merge", "parts", "some")
        self.assert_same_tables("parts", "whole")
        self.assertEqual(len(self.rows("parts/stream.csv")), 6 * 5)


class Verify(harness.Case):
    def setUp(self):
        super().setUp()
        self.train(harness.sweep(), "out")

    def test_every_bit_of_every_run_is_the_same(self):
        before = harness.fingerprint(self.folder)
        self.assertIn("12 of 12 recorded runs trained again, every stored bit is the same",
                      self.succeed("verify", "out", "--sample", "all", "--threads", "2"))
        self.assertIn("5 of 12", self.succeed("verify", "out", "--sample", "5"))
        self.assertEqual(before, harness.fingerprint(self.folder))

    def test_a_changed_bit_is_found_and_named(self):
        run_id = self.rows("out/runs.csv")[7]["run_id"]
        store = sqlite3.connect(self.folder / "out/results.sqlite")
        with store:
            store.execute("UPDATE metric_rows SET grad_norm = grad_norm * (1 + 1e-15) WHERE step = 40 AND run = "
                          "(SELECT run FROM places WHERE position = 7)")
        store.close()
        done = self.run_program("verify", "out", "--json")
        self.assertEqual(done.returncode, 3)
        report = json.loads(done.stdout)
        self.assertEqual((report["verified"], report["different"]), (12, 1))
        self.assertEqual(report["differences"][0]["run_id"], run_id)
        self.assertIn("metrics, step 40: grad_norm", report["differences"][0]["difference"])

    def test_a_changed_stream_is_found(self):
        self.train(harness.stream(), "stream")
        store = sqlite3.connect(self.folder / "stream/results.sqlite")
        with store:
            store.execute("UPDATE stream_rows SET loss = loss + 1 WHERE bin = 2 AND run = 1")
        store.close()
        self.assertEqual(self.run_program("verify", "stream").returncode, 3)

    def test_wrong_samples_say_what_is_allowed(self):
        for wrong in ("0", "-1", "some"):
            self.assertIn("--sample", self.fail_with(2, "verify", "out", f"--sample={wrong}"))


if __name__ == "__main__":
    harness.main()
