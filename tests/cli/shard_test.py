"""One sweep in parts: --shard."""

import json

import harness


class Shards(harness.Case):
    def ids(self, out):
        return [row["run_id"] for row in self.rows(f"{out}/runs.csv")]

    def test_shards_are_disjoint_and_together_complete(self):
        name = self.write(harness.sweep())
        listed = [row["run_id"] for row in harness.parse_csv(self.succeed("list", name))]
        for count in (1, 3, 16):
            parts = []
            for index in range(count):
                line = self.succeed("run", name, "--out", f"out{count}", "--shard", f"{index}/{count}")
                part = self.ids(f"out{count}/shards/{index}-of-{count}")
                self.assertIn(f"{len(part)} of {len(part)} recorded", line)
                parts.append(part)
            self.assertEqual(sorted(sum(parts, [])), sorted(listed))
            self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)

    def test_a_shard_trains_nothing_twice_and_knows_what_it_is_for(self):
        name = self.write(harness.sweep())
        self.succeed("run", name, "--out", "out", "--shard", "1/3", "--only", "0-5")
        shard = "out/shards/1-of-3"
        self.assertIn("2 of 4 runs recorded, 2 missing", self.succeed("status", shard))
        self.assertEqual(len(self.succeed("status", shard, "--missing").split()), 2)
        self.assertIn("2 runs trained, 2 already there", self.succeed("run", name, "--out", "out", "--shard", "1/3"))
        self.assertIn("complete", self.succeed("status", shard))
        self.assertIn('"shard": "1/3"', (self.folder / shard / "manifest.json").read_text())

    def test_the_status_of_shards_that_are_not_merged_yet_is_told(self):
        name = self.write(harness.sweep())
        self.succeed("run", name, "--out", "out", "--shard", "1/3")
        self.succeed("run", name, "--out", "out", "--shard", "2/3", "--only", "0-4")
        status = self.succeed("status", "out")
        self.assertIn("1-of-3: 4 of 4 runs recorded, 0 missing", status)
        self.assertIn("2-of-3: 1 of 4 runs recorded, 3 missing", status)
        self.assertIn("deadrelu merge out", status)
        self.assertEqual([shard["missing"] for shard in json.loads(self.succeed("status", "out", "--json"))], [0, 3])

    def test_a_shard_of_a_sweep_with_fewer_runs_than_shards_is_empty(self):
        name = self.write(harness.sweep(seeds=1))
        self.assertIn("0 of 0 recorded", self.succeed("run", name, "--out", "out", "--shard", "7/8"))

    def test_auto_reads_what_launchers_export(self):
        name = self.write(harness.sweep())
        for number, (environment, shard) in enumerate((
                ({"SLURM_ARRAY_TASK_ID": 2, "SLURM_ARRAY_TASK_COUNT": 4}, "2-of-4"),
                ({"SLURM_ARRAY_TASK_ID": 4, "SLURM_ARRAY_TASK_COUNT": 4, "SLURM_ARRAY_TASK_MIN": 1,
                  "SLURM_ARRAY_TASK_MAX": 4}, "3-of-4"),
                ({"OMPI_COMM_WORLD_RANK": 0, "OMPI_COMM_WORLD_SIZE": 2}, "0-of-2"),
                ({"PMI_RANK": 4, "PMI_SIZE": 5}, "4-of-5"),
                ({"SLURM_ARRAY_TASK_ID": 1, "SLURM_ARRAY_TASK_COUNT": 2, "PMI_RANK": 2, "PMI_SIZE": 3}, "5-of-6"))):
            self.succeed("run", name, "--out", f"out{number}", "--shard", "auto",
                         **{key: str(value) for key, value in environment.items()})
            self.assertTrue((self.folder / f"out{number}/shards" / shard / "runs.csv").exists(), environment)

    def test_auto_refuses_an_array_that_does_not_say_which_part_a_task_is(self):
        name = self.write(harness.sweep())
        self.assertIn("SLURM_ARRAY_TASK_ID", self.fail_with(2, "run", name, "--shard", "auto"))
        self.assertIn("--shard I/N", self.fail_with(
            2, "run", name, "--shard", "auto", SLURM_ARRAY_TASK_ID="7", SLURM_ARRAY_TASK_COUNT="2",
            SLURM_ARRAY_TASK_MIN="3", SLURM_ARRAY_TASK_MAX="7"))
        self.assertFalse((self.folder / "results").exists())

    def test_a_wrong_shard_says_what_is_allowed(self):
        name = self.write(harness.sweep())
        for wrong in ("4/4", "-1/4", "1", "1/0", "a/b", "/", "1/2/3", "half"):
            self.assertIn("--shard", self.fail_with(2, "run", name, f"--shard={wrong}"))


class ChangedData(harness.Case):
    def test_a_changed_data_file_is_refused(self):
        csv = self.folder / "points.csv"
        csv.write_text("x,y\n" + "".join(f"{i / 10},{i % 3}\n" for i in range(40)))
        config = harness.sweep(data={"kind": "csv", "path": "points.csv", "targets": ["y"]})
        self.train(config, "out")
        before = harness.fingerprint(self.folder / "out")
        csv.write_text(csv.read_text().replace("0.1,1", "0.1,2"))
        self.assertIn("points.csv: the file has changed", self.fail_with(4, "run", "out.json", "--out", "out"))
        config["sweep"]["seeds"] = 4
        self.assertIn("points.csv: the file has changed",
                      self.fail_with(4, "run", self.write(config), "--out", "out"))
        self.assertEqual(before["runs.csv"], harness.fingerprint(self.folder / "out")["runs.csv"])
        csv.write_text(csv.read_text().replace("0.1,2", "0.1,1"))
        self.assertIn("4 runs trained, 12 already there", self.succeed("run", "small.json", "--out", "out"))

    def test_a_changed_parameter_file_is_refused(self):
        layers = [{"weights": [[0.5], [-0.5]], "bias": [0, 0]}, {"weights": [[1, 1]], "bias": [0]}]
        parameters = self.folder / "start.json"
        parameters.write_text('{"layers": %s}' % str(layers).replace("'", '"'))
        config = harness.sweep(model={"hidden": [2]}, init={"file": "start.json"}, sweep={"seeds": 2})
        self.train(config, "out")
        parameters.write_text(parameters.read_text().replace("-0.5", "-0.25"))
        self.assertIn("start.json: the file has changed", self.fail_with(4, "run", "out.json", "--out", "out"))


if __name__ == "__main__":
    harness.main()
