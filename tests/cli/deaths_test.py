"""What killed it: the table deaths (record.deaths), its shares and causes, and what is made of them."""

import itertools
import json
import random
import statistics

import harness

POINTS = [[round(random.Random(i).uniform(-2, 2), 3), round(random.Random(i + 100).uniform(-2, 2), 3)] for i in range(12)]


def deadly(steps=40, every=4, seeds=6, **more):
    """Large steps, so that units die and come back."""
    config = {
        "name": "small",
        "data": {"kind": "points", "inputs": POINTS, "targets": [[abs(x) - y] for x, y in POINTS]},
        "model": {"hidden": [5, 4]},
        "init": {"bias": {"name": "normal", "std": 0.5}},
        "train": {"steps": steps, "batch_size": 4, "precision": "float64", "optimizer": {"name": "sgd", "learning_rate": 0.4}},
        "record": {"every": every, "deaths": "records", "tables": ["metrics", "layers", "units"]},
        "sweep": {"seeds": seeds},
    }
    for section, values in more.items():
        config[section].update(values)
    return config


def relu_layer(layer, below):
    """Pre-activations [unit][sample]."""
    return [[sum(w * x for w, x in zip(row, sample)) + bias for sample in below]
            for row, bias in zip(layer["weights"], layer.get("bias") or [0] * len(layer["weights"]))]


def activations(layers, inputs, count):
    """[sample][unit] below hidden layer number count, from 0."""
    for layer in layers[:count]:
        inputs = list(zip(*[[max(z, 0) for z in unit] for unit in relu_layer(layer, inputs)]))
    return inputs


def versions(before, now, inputs, layer, unit):
    """The largest pre-activation with weights, bias, below as they were (0) or as they are (1)."""
    peaks = {}
    for weights, bias, below in itertools.product((0, 1), repeat=3):
        own = {"weights": [(before, now)[weights][layer]["weights"][unit]],
               "bias": [(before, now)[bias][layer]["bias"][unit]]}
        peaks[weights, bias, below] = max(relu_layer(own, activations((before, now)[below], inputs, layer))[0])
    return peaks


def shares(peaks):
    """The mean over the six orders in which the three can change."""
    found = [0.0, 0.0, 0.0]
    for order in itertools.permutations(range(3)):
        there = [0, 0, 0]
        for player in order:
            start = peaks[tuple(there)]
            there[player] = 1
            found[player] += (peaks[tuple(there)] - start) / 6
    return found


def cause(peaks, event):
    alone = [name for name, there in (("weights", (1, 0, 0)), ("bias", (0, 1, 0)), ("below", (0, 0, 1)))
             if (peaks[there] <= 0) == (event == "death")]
    return "joint" if not alone else "any" if len(alone) > 1 else alone[0]


class Deaths(harness.Case):
    def test_shares_and_causes_follow_from_the_recorded_parameters(self):
        config = deadly(steps=12, every=12, seeds=60, record={"parameters": ["initial", "final"]})
        config["train"]["optimizer"]["learning_rate"] = 0.2
        self.train(config, "out")
        parameters = {}
        for line in (self.folder / "out/parameters.jsonl").read_text().splitlines():
            row = json.loads(line)
            parameters[row["run_id"], row["step"]] = row["layers"]
        rows = self.rows("out/deaths.csv")
        self.assertEqual({r["event"] for r in rows}, {"death", "revival"})
        self.assertEqual({r["cause"] for r in rows}, {"weights", "bias", "below", "joint", "any"})
        for row in rows:
            networks = [parameters[row["run_id"], int(row[step])] for step in ("from_step", "to_step")]
            peaks = versions(*networks, POINTS, int(row["layer"]) - 1, int(row["unit"]) - 1)
            found = [float(row[f"share_{player}"]) for player in ("weights", "bias", "below")]
            tolerance = 1e-11 * max(1, *map(abs, peaks.values()))
            for mine, theirs in zip(found, shares(peaks)):
                self.assertAlmostEqual(mine, theirs, delta=tolerance)
            self.assertAlmostEqual(float(row["max_before"]), peaks[0, 0, 0], delta=tolerance)
            self.assertAlmostEqual(float(row["max_after"]), peaks[1, 1, 1], delta=tolerance)
            self.assertAlmostEqual(sum(found), float(row["max_after"]) - float(row["max_before"]), delta=tolerance)
            self.assertEqual(row["cause"], cause(peaks, row["event"]))
            self.assertEqual(row["last_step_share"], "")
            if row["layer"] == "1":
                self.assertEqual(float(row["share_below"]), 0)

    def test_the_rows_are_those_that_layers_and_runs_count(self):
        self.train(deadly(), "out")
        for run in self.rows("out/runs.csv"):
            rows = [r for r in self.rows("out/deaths.csv") if r["run_id"] == run["run_id"]]
            for event, column, counted in (("death", "died", "deaths"), ("revival", "revived", "revivals")):
                self.assertEqual(sum(r["event"] == event for r in rows), int(run[counted]))
                for layer in self.rows("out/layers.csv"):
                    if layer["run_id"] == run["run_id"] and layer[column] != "":
                        self.assertEqual(sum((r["event"], r["to_step"], r["layer"]) == (event, layer["step"], layer["layer"])
                                             for r in rows), int(layer[column]))

    def test_planted_deaths_are_told_apart(self):
        one = {"inputs": [[0.5, -1.5]], "targets": [[-30]]}
        for planted, expected in (({"data": {**one, "inputs": [[0, 0]]}}, {"bias"}),  # nothing reaches the weights
                                  ({"model": {"bias": False}}, {"weights"}),
                                  ({"train": {"freeze": [2]}}, {"below"})):
            config = deadly(steps=1, every=1, seeds=30, data=one)
            for section, values in planted.items():
                config[section].update(values)
            config["train"]["batch_size"] = "full"
            name = next(iter(planted))
            self.train(config, name)
            layer = "2" if name == "train" else "1"
            rows = [r for r in self.rows(f"{name}/deaths.csv") if r["layer"] == layer and r["event"] == "death"]
            self.assertGreater(len(rows), 5, name)
            self.assertEqual({r["cause"] for r in rows}, expected, name)

    def test_of_one_example_the_weights_have_its_square_and_the_bias_one(self):
        config = deadly(steps=1, every=1, seeds=30, data={"inputs": [[0.5, -1.5]], "targets": [[-30]]})
        config["train"]["batch_size"] = 1
        self.train(config, "out")
        rows = [r for r in self.rows("out/deaths.csv") if r["layer"] == "1"]
        self.assertGreater(len(rows), 5)
        for row in rows:
            self.assertAlmostEqual(float(row["share_weights"]) / float(row["share_bias"]), 0.5 ** 2 + 1.5 ** 2, delta=1e-10)

    def test_no_row_depends_on_how_it_was_computed(self):
        for watch in ("records", "every_step"):
            for precision in ("float32", "float64"):
                config = deadly(seeds=11, record={"deaths": watch}, train={"precision": precision})
                config["sweep"]["grid"] = {"model.activation": ["relu", "maxout", "relu6"]}
                place = f"{watch}-{precision}"
                self.train(config, place, "--threads", 1)
                self.assertGreater(len(self.rows(f"{place}/deaths.csv")), 30)
                simd = json.loads(self.succeed("version", "--json"))["simd"]
                for i, how in enumerate([("--threads", 2, "--engine", "wide"), ("--engine", "lanes"),
                                         *[("--simd", target) for target in simd]]):
                    self.succeed("run", f"{place}.json", "--out", f"{place}-{i}", *how)
                    self.assert_same_tables(place, f"{place}-{i}")
                for shard in range(2):
                    self.succeed("run", f"{place}.json", "--out", f"{place}-parts", "--shard", f"{shard}/2")
                self.succeed("merge", f"{place}-parts", f"{place}-parts")
                self.assert_same_tables(place, f"{place}-parts")
                self.succeed("verify", place, "--sample", 8)

    def test_every_step_tells_how_much_came_at_a_blow(self):
        self.train(deadly(record={"deaths": "every_step"}), "out")
        self.train(deadly(every=1), "steps")
        seeds = {r["run_id"]: r["seed"] for out in ("out", "steps") for r in self.rows(f"{out}/runs.csv")}
        units = {(seeds[r["run_id"]], int(r["step"]), r["layer"], r["unit"]): r for r in self.rows("steps/units.csv")}
        rows = self.rows("out/deaths.csv")
        self.assertGreater(len(rows), 10)
        for row in rows:
            at = lambda step: units[seeds[row["run_id"]], step, row["layer"], row["unit"]]
            step = int(row["to_step"])
            while at(step - 1)["dead"] == at(step)["dead"]:
                step -= 1
            self.assertGreater(step, int(row["from_step"]))
            before, last, after = (float(at(s)["preactivation_max"]) for s in (int(row["from_step"]), step - 1, step))
            self.assertEqual(float(row["last_step_share"]), (last - after) / (before - after))
        self.assertIn("1.0", {r["last_step_share"] for r in rows})

    def test_show_sums_up_what_units_died_of(self):
        self.train(deadly(), "out")
        rows = self.rows("out/deaths.csv")
        lines = self.succeed("show", "out").splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("units that died, by cause"))
        heads = lines[start + 1].split()
        self.assertEqual(heads[:3] + heads[-3:], ["layer", "deaths", "revivals", "first", "median", "last"])
        for number, line in enumerate(lines[start + 2:start + 4], 1):
            told = {head: 0 if cell == "-" else float(cell) for head, cell in zip(heads, line.split())}
            self.assertEqual(told["layer"], number)
            mine = [r for r in rows if r["layer"] == str(number)]
            deaths = [r for r in mine if r["event"] == "death"]
            self.assertEqual(told["deaths"], len(deaths))
            self.assertEqual(told["revivals"], len(mine) - len(deaths))
            for name in ("weights", "bias", "below", "joint", "any"):
                self.assertEqual(told.get(name, 0), sum(r["cause"] == name for r in deaths))
            steps = [int(r["to_step"]) for r in deaths]
            self.assertEqual((told["first"], told["median"], told["last"]), (min(steps), statistics.median(steps), max(steps)))
        without = deadly()
        del without["record"]["deaths"]
        self.train(without, "without")
        self.assertNotIn("units that died", self.succeed("show", "without"))

    def test_it_is_off_unless_asked_for(self):
        config = deadly()
        del config["record"]["deaths"]
        self.train(config, "out")
        self.assertNotIn("deaths.csv", self.table_names("out"))

    def test_a_table_of_a_key_of_its_own_is_told(self):
        config = deadly()
        config["record"]["tables"] = ["metrics", "deaths"]
        self.assertIn("did you mean record.deaths?", self.fail_with(2, "run", self.write(config)))

    def test_the_word_is_explained(self):
        text = self.succeed("explain", "deaths")
        for word in ("record.deaths", "every_step", "deaths.share_below", "Shapley"):
            self.assertIn(word, text)


if __name__ == "__main__":
    harness.main()
