"""One result, however it is computed."""

import json

import harness


def mixed_sweep():
    """Several architectures and activations, so that packs of every kind are there."""
    return harness.sweep(
        steps=30, seeds=5, data={"kind": "moons", "samples": 96, "noise": 0.1, "test_fraction": 0.25},
        sweep={"grid": {"model.hidden": [[7], [5, 4]], "model.activation": ["relu", "gelu"],
                        "train.optimizer.learning_rate": [0.3, 0.01]}, "seeds": 5},
        record={"every": 10, "tables": ["metrics", "layers", "units"], "effective_rank": True,
                "deaths": "records"},
    )


class OneResult(harness.Case):
    def test_threads_change_nothing(self):
        self.train(mixed_sweep(), "one", "--threads", "1")
        for threads in ("2", "7"):
            self.train(mixed_sweep(), "other" + threads, "--threads", threads)
            self.assert_same_tables("one", "other" + threads)

    def test_instruction_sets_change_nothing(self):
        targets = json.loads(self.succeed("version", "--json"))["simd"]
        if len(targets) < 2:
            self.skipTest(f"this machine has {targets[0]} only")
        for target in targets:
            self.train(mixed_sweep(), target, "--simd", target)
        for target in targets[1:]:
            self.assert_same_tables(targets[0], target)

    def test_engines_change_nothing(self):
        for engine in ("auto", "lanes", "wide"):
            self.train(mixed_sweep(), engine, "--engine", engine)
        self.assert_same_tables("lanes", "wide")
        self.assert_same_tables("lanes", "auto")

    def test_a_run_alone_gives_the_numbers_that_it_gives_in_a_sweep(self):
        self.train(mixed_sweep(), "sweep")
        ids = [row["run_id"] for row in self.rows("sweep/runs.csv")]
        for position in (0, 13, 39):
            self.succeed("run", "sweep.json", "--out", "alone", "--only", ids[position])
        tables = [name for name, columns in self.columns("sweep").items() if "run_id" in columns]
        for table in tables:
            if not (self.folder / f"sweep/{table}.csv").exists():
                self.assertIn(table, ("stream", "tasks", "parameters"), "nothing records them here")
                continue
            there = (self.folder / f"alone/{table}.csv").exists()  # a table without rows is not written
            alone = [list(row.items()) for row in (self.rows(f"alone/{table}.csv") if there else [])]
            chosen = {ids[p] for p in (0, 13, 39)}
            self.assertEqual(alone, [list(row.items()) for row in self.rows(f"sweep/{table}.csv")
                                     if row["run_id"] in chosen])

    def test_the_order_of_a_sweep_changes_no_run(self):
        config = mixed_sweep()
        self.train(config, "forward")
        config["sweep"]["grid"] = dict(reversed(config["sweep"]["grid"].items()))
        config["sweep"]["seeds"] = [4, 2, 0, 1, 3]
        self.train(config, "backward")
        forward, backward = ({row["run_id"]: row for row in self.rows(f"{out}/runs.csv")}
                             for out in ("forward", "backward"))
        self.assertEqual(forward, backward)
        self.assertNotEqual(list(forward), list(backward))

    def test_the_same_point_of_two_sweeps_has_one_id_and_one_result(self):
        self.train(mixed_sweep(), "sweep")
        config = mixed_sweep()
        config["model"] = {"hidden": [5, 4], "activation": "gelu"}
        config["train"]["optimizer"] = {"learning_rate": 0.01}
        config["sweep"] = {"seeds": {"from": 2, "count": 1}}
        self.train(config, "single")
        single = self.rows("single/runs.csv")[0]
        other = next(row for row in self.rows("sweep/runs.csv") if row["run_id"] == single["run_id"])
        self.assertEqual(single, {name: other[name] for name in single})


if __name__ == "__main__":
    harness.main()
