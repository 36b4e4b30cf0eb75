"""Units that are reset while a network learns (remedy.reset): the tables, and how they are computed."""

import json

import harness


def resets(rules):
    """A small sweep over rules that act soon, and over optimizers."""
    return {
        "name": "small",
        "data": {"kind": "moons", "samples": 60, "test_fraction": 0.2},
        "model": {"hidden": [9, 6]},
        "init": {"bias": -0.3},
        "train": {"batch_size": 8, "steps": 90},
        "record": {"every": 30, "tables": ["metrics", "layers", "units"], "parameters": ["final"]},
        "sweep": {"grid": {"remedy.reset": rules, "train.optimizer": ["sgd", "adam"]}, "seeds": 3},
    }


class Resets(harness.Case):
    def rules(self):
        """Every rule, with numbers that let it act soon; what may be given says the program."""
        soon = {"every": 10, "fraction": 0.2, "replacement_rate": 0.02, "maturity": 10, "threshold": 0.3,
                "lowest_threshold": 8, "highest_threshold": 24}
        rules = []
        [key] = json.loads(self.succeed("explain", "remedy.reset.rule", "--json"))
        for name in key["type"].removeprefix("one of ").split(", "):
            rule = {"rule": name}
            for path, value in soon.items():
                value = 16 if name == "frt" and path == "threshold" else value
                config = {**resets(["none"]), "remedy": {"reset": {"rule": name, path: value}}, "sweep": {}}
                if self.run_program("config", self.write(config, "try.json")).returncode == 0:
                    rule[path] = value
            rules.append(rule)
        return rules

    def test_no_table_depends_on_how_it_was_computed(self):
        config = resets(self.rules())
        self.train(config, "out", "--threads", 1)
        self.train(config, "wide", "--threads", 2, "--engine", "wide")
        self.train(config, "lanes", "--engine", "lanes", "--simd", "avx2")
        for other in ("wide", "lanes"):
            self.assert_same_tables("out", other)
        name = self.write(config)
        for shard in range(2):
            self.succeed("run", name, "--out", "parts", "--shard", f"{shard}/2")
        self.succeed("merge", "parts", "parts")
        self.assert_same_tables("out", "parts")
        self.succeed("verify", "out", "--sample", "all")

        runs = {r["run_id"]: r for r in self.rows("out/runs.csv")}
        self.assertGreaterEqual(len(runs), 7 * 6)
        for rule in {r["remedy.reset"] for r in runs.values()}:
            total = sum(int(r["resets"]) for r in runs.values() if r["remedy.reset"] == rule)
            self.assertEqual(total > 0, rule != "none", rule)
        layers = self.rows("out/layers.csv")
        for run_id, run in runs.items():
            counts = [r["resets"] for r in layers if r["run_id"] == run_id]
            self.assertEqual(sum(int(c) for c in counts if c), int(run["resets"]))
            self.assertEqual(counts.count(""), 4)  # of the output layer, at four recorded steps


if __name__ == "__main__":
    harness.main()
