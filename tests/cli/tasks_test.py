"""Tasks one after another over one data set (data.tasks), runs that are stopped, and the targets that a network learns."""

import json

import harness


def tasks(change="permute_labels", every=None, **more):
    """A small sweep over seeds and learning rates of three tasks, with rows in every table."""
    return {
        "name": "small",
        "data": {"kind": "blobs", "samples": 60, "inputs": 3, "classes": 4, "test_fraction": 0.2,
                 "tasks": {"change": change, "every": every or {"steps": 9}, "count": 3, **more}},
        "model": {"hidden": [6]},
        "train": {"batch_size": 8},
        "record": {"every": 5, "tables": ["metrics", "layers", "units"], "parameters": ["final"], "effective_rank": True},
        "sweep": {"grid": {harness.RATE: [0.1, 0.01]}, "seeds": 3},
    }


CHANGES = ["permute_inputs", "permute_labels", "random_labels", "classes"]


class Tasks(harness.Case):
    def test_every_task_has_a_row(self):
        self.train(tasks(), "out")
        self.assertEqual(self.header("out/tasks.csv"),
                         "run_id task steps online_loss online_accuracy loss accuracy dead_fraction".split())
        rows = self.rows("out/tasks.csv")
        self.assertEqual([(r["task"], r["steps"]) for r in rows], [("1", "9"), ("2", "9"), ("3", "9")] * 6)
        self.assertEqual({r["steps"] for r in self.rows("out/runs.csv")}, {"27"})
        last = {r["run_id"]: r for r in rows if r["task"] == "3"}
        for run in self.rows("out/runs.csv"):
            row = last[run["run_id"]]
            self.assertEqual((row["loss"], row["accuracy"], row["dead_fraction"]),
                             (run["train_loss"], run["train_accuracy"], run["dead_fraction"]))
        self.assertEqual(self.succeed("query", "out", "SELECT count(*) AS n, sum(steps) AS steps FROM tasks"),
                         "n,steps\n18,162\n")

    def test_no_table_depends_on_how_it_was_computed(self):
        for change in CHANGES:
            config = tasks(change, ramp=4)
            self.train(config, f"{change}-out", "--threads", 1)
            self.train(config, f"{change}-wide", "--threads", 2, "--engine", "wide")
            self.train(config, f"{change}-lanes", "--engine", "lanes", "--simd", "avx2")
            for other in ("wide", "lanes"):
                self.assert_same_tables(f"{change}-out", f"{change}-{other}")
            self.assertEqual(len(self.rows(f"{change}-out/tasks.csv")), 18)

    def test_shards_resumption_and_verification_understand_them(self):
        config = tasks("classes")
        config["train"]["stop"] = {"patience": 2, "improvement": 0.001}
        name = self.write(config)
        self.succeed("run", name, "--out", "whole")
        self.assertTrue(any(r["stop_step"] for r in self.rows("whole/runs.csv")))
        for shard in range(2):
            self.succeed("run", name, "--out", "parts", "--shard", f"{shard}/2")
        self.succeed("merge", "parts", "parts")
        self.assert_same_tables("whole", "parts")
        self.succeed("run", name, "--out", "resumed", "--only", 2)
        self.succeed("run", name, "--out", "resumed")
        self.assert_same_tables("whole", "resumed")
        self.succeed("verify", "whole", "--sample", 6)
        status = json.loads(self.succeed("status", "whole", "--json"))
        self.assertEqual((status["recorded"], status["missing"]), (6, 0), status)

    def test_every_length_is_an_end(self):
        for every, steps in (({"epochs": 2}, 36), ({"examples": 30}, 12), ({"steps": 5}, 15)):
            self.train(tasks(every=every), "out")
            self.assertEqual({r["steps"] for r in self.rows("out/runs.csv")}, {str(steps)}, every)

    def test_the_resolved_config_gives_the_same_runs(self):
        for change in CHANGES:
            config = tasks(change)
            config["train"]["schedule"] = {"name": "phases", "phases": [{"until": 0.5, "factor": 1.0}, {"until": 1, "factor": 0.5}]}
            name = self.write(config)
            runs = self.succeed("list", name)
            resolved = self.write(self.succeed("config", name), "resolved.json")
            self.assertEqual(self.succeed("list", resolved), runs)
            self.assertNotIn('"steps": 1000', (self.folder / "resolved.json").read_text())

    def test_tasks_are_swept_as_a_whole(self):
        config = tasks()
        del config["data"]["tasks"]
        config["train"]["steps"] = 18
        config["sweep"]["grid"] = {"data.tasks": ["none", "random_labels", {"change": "classes", "classes": 3}]}
        self.train(config, "out")
        self.assertEqual(len(self.rows("out/runs.csv")), 9)
        self.assertEqual(len({r["run_id"] for r in self.rows("out/tasks.csv")}), 6)

    def test_what_does_not_go_together_is_refused_with_its_place(self):
        config = tasks("classes")
        config["data"]["tasks"]["every"] = {"steps": 3, "examples": 7}
        config["data"]["tasks"]["classes"] = 0
        config["train"].update(steps=5, batch_size="full", clip_norm=1, clip_value=1, stop={"improvement": 1},
                               schedule={"name": "phases", "phases": [{"until": 0.5}]})
        message = self.fail_with(2, "list", self.write(config))
        for part in ("/data/tasks/every/examples", "/data/tasks/classes", "/data/tasks/count: cannot be given together",
                     "/train/stop/improvement", "/train/schedule/phases/0"):
            self.assertIn(part, message)
        config = tasks("classes")
        config["train"].update(batch_size="full", clip_norm=1, clip_value=1,
                               schedule={"name": "phases", "phases": [{"until": 2, "factor": 1}]})
        message = self.fail_with(2, "list", self.write(config))
        for part in ("/train/batch_size", "/train/clip_value", "/train/schedule/phases"):
            self.assertIn(part, message)
        config = tasks("random_labels")
        config["data"] = {"kind": "gaussian", "tasks": config["data"]["tasks"]}
        self.assertIn("/data/tasks/change: random_labels needs classes", self.fail_with(2, "list", self.write(config)))

    def test_the_kind_that_was_permuted_is_told_its_new_form(self):
        config = tasks()
        config["data"] = {"kind": "permuted", "images": "i", "labels": "l"}
        message = self.fail_with(2, "list", self.write(config))
        self.assertIn('"tasks": {"change": "permute_inputs", "every": {"epochs": 1}}', message)


class Images(harness.Case):
    CONFIG = {
        "data": {"kind": "idx", "images": "images", "labels": "labels",
                 "tasks": {"change": "permute_inputs", "every": {"epochs": 1}}},
        "model": {"hidden": [8]},
        "train": {"batch_size": 4, "epochs": 3},
        "sweep": {"seeds": 2},
    }

    def write_images(self, factor=37):
        images = [bytes((i * factor + p * (11 if i % 2 else 5)) % 256 for p in range(16)) for i in range(40)]
        (self.folder / "images").write_bytes(bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (40, 4, 4))
                                             + b"".join(images))
        (self.folder / "labels").write_bytes(bytes([0, 0, 8, 1]) + (40).to_bytes(4, "big")
                                             + bytes(i % 2 for i in range(40)))

    def test_a_task_of_permuted_images_is_what_the_kind_permuted_was(self):
        # The numbers that stream.csv had for {"kind": "permuted", "bin": 40} before tasks took its place.
        self.write_images()
        self.train(self.CONFIG, "out")
        rows = [(r["online_loss"], r["online_accuracy"]) for r in self.rows("out/tasks.csv")]
        self.assertEqual(rows, OLD_PERMUTED)
        for number, run in enumerate(self.rows("out/runs.csv")):
            for place, name in enumerate(("online_loss", "online_accuracy")):
                tasks = [float(row[place]) for row in rows[number * 3:number * 3 + 3]]
                self.assertAlmostEqual(float(run[name]), sum(tasks) / 3, places=12)

    def test_images_that_changed_are_refused(self):
        self.write_images()
        self.train(self.CONFIG, "out")
        manifest = json.loads((self.folder / "out/manifest.json").read_text())
        self.assertEqual([file["path"] for file in manifest["data_files"]], ["images", "labels"])
        self.write_images(factor=36)
        error = self.fail_with(4, "run", self.write({**self.CONFIG, "sweep": {"seeds": 3}}), "--out", "out")
        self.assertIn("images: the file has changed since", error)

    def test_an_autoencoder_learns_its_inputs(self):
        self.write_images()
        config = {**self.CONFIG, "data": {"kind": "idx", "images": "images", "labels": "labels", "targets": "inputs"}}
        config["train"] = {"steps": 300, "optimizer": {"name": "adam", "learning_rate": 0.01}}
        self.train(config, "out")
        for run in self.rows("out/runs.csv"):
            self.assertLess(float(run["train_loss"]), 0.2 * float(run["train_loss_initial"]))
            self.assertEqual(run["train_accuracy"], "")
        config["train"]["loss"] = "cross_entropy"
        self.assertIn("/train/loss", self.fail_with(2, "list", self.write(config)))


class Targets(harness.Case):
    def test_losses_of_standardized_targets_are_in_their_own_unit(self):
        config = harness.sweep(rates=(0.05,), biases=(0,), seeds=2, steps=400)
        config["data"] = {"kind": "points", "inputs": [[x / 10] for x in range(20)],
                          "targets": [[5000 + 300 * x] for x in range(20)], "standardize_targets": True}
        self.train(config, "out")
        variance = sum((300 * x - 300 * 9.5) ** 2 for x in range(20)) / 20
        for run in self.rows("out/runs.csv"):
            self.assertGreater(float(run["train_loss_initial"]), 0.1 * variance)
            self.assertLess(float(run["train_loss"]), 0.05 * variance)

    def test_words_of_the_data_are_taken(self):
        config = harness.sweep(rates=(0.1,), biases=(0,), seeds=1)
        for data in ({"kind": "xor", "table": True}, {"kind": "circles", "factor": 0.8}, {"kind": "blobs", "box": [0, 1]},
                     {"kind": "moons", "targets": "inputs"},
                     {"kind": "points", "inputs": [[1], [2]], "targets": "inputs"}):
            config["data"] = data
            config["train"] = {"batch_size": 2, "steps": 5}
            name = self.write(config)
            listed = self.succeed("list", name)
            self.assertEqual(self.succeed("list", self.write(self.succeed("config", name), "again.json")), listed, data)
            self.train(config, "out")
        config["data"] = {"kind": "xor", "table": True, "samples": 10, "noise": 0.1}
        message = self.fail_with(2, "list", self.write(config))
        self.assertEqual(message.count("/data/table: cannot be given together"), 2)


OLD_PERMUTED = [
    ("0.7233135543763638", "0.55"), ("0.7085232436656952", "0.5"), ("0.6950871974229813", "0.55"),
    ("0.9561694400385022", "0.55"), ("0.7433851107954978", "0.6"), ("0.7578712701797485", "0.525"),
]

if __name__ == "__main__":
    harness.main()
