"""Networks and optimizers as PyTorch and Keras compute them: tests/reference/torch_numbers.py made the numbers."""

import json
import math
import pathlib

import harness

NUMBERS = json.loads((pathlib.Path(__file__).parent.parent / "reference/torch_numbers.json").read_text())
OWN = {"crelu", "maxout", "rrelu", "expression"}  # no function of torch, or one that draws
TOLERANCE = 1e-12


class TorchNumbers(harness.Case):
    def parameters(self, out):
        lines = (self.folder / out / "parameters.jsonl").read_text().splitlines()
        return {line["run_id"]: line["layers"] for line in map(json.loads, lines)}

    def assert_close(self, given, expected, place, tolerance=TOLERANCE):
        if isinstance(expected, dict):
            self.assertEqual(given.keys(), expected.keys(), place)
            pairs = [(given[key], expected[key]) for key in expected]
        elif isinstance(expected, list):
            self.assertEqual(len(given), len(expected), place)
            pairs = zip(given, expected)
        else:
            self.assertTrue(math.isclose(given, expected, rel_tol=tolerance, abs_tol=tolerance),
                            f"{place}: {given}, expected {expected}")
            return
        for one, other in pairs:
            self.assert_close(one, other, place, tolerance)

    def test_every_output_activation_and_loss_has_torchs_value_and_gradient(self):
        expected = NUMBERS["outputs"]
        (self.folder / "start.json").write_text(json.dumps({"layers": NUMBERS["layers"]}))
        config = {
            "data": {"kind": "points", "inputs": NUMBERS["inputs"], "targets": NUMBERS["targets"]},
            "model": {"hidden": [3, 2], "activation": NUMBERS["hidden"]},
            "init": {"file": "start.json"},
            "train": {"optimizer": {"learning_rate": 1}, "batch_size": "full", "steps": 1, "precision": "float64"},
            "record": {"parameters": ["final"]},
            "sweep": {"grid": {"model.output_activation.name": list(expected),
                               "train.loss": list(next(iter(expected.values())))}},
        }
        self.train(config, "out")
        parameters = self.parameters("out")
        rows = self.rows("out/runs.csv")
        self.assertEqual(len(rows), len(expected) * len(next(iter(expected.values()))))
        for row in rows:
            place = row["model.output_activation.name"] + " " + row["train.loss"]
            of_torch = expected[row["model.output_activation.name"]][row["train.loss"]]
            self.assert_close(float(row["train_loss_initial"]), of_torch["loss"], place)
            self.assert_close(parameters[row["run_id"]], of_torch["layers"], place)

    def test_normalized_networks_train_as_torchs_over_60_steps(self):
        of_torch = NUMBERS["normalized"]
        for i, case in enumerate(of_torch["cases"]):
            (self.folder / f"start{i}.json").write_text(json.dumps({"layers": case["start"]}))
            self.train({
                "data": {"kind": "points", "inputs": of_torch["inputs"], "targets": of_torch["targets"]},
                "model": {"hidden": of_torch["hidden"], "activation": "silu", "normalization": case["normalization"],
                          "skip": case["skip"]},
                "init": {"file": f"start{i}.json"},
                "train": {"optimizer": {"learning_rate": 0.05, "momentum": 0.9}, "batch_size": 4,
                          "sampling": "sequential", "steps": of_torch["steps"], "precision": "float64"},
                "record": {"parameters": ["final"]},
            }, f"normalized{i}")
            place = f"{case['normalization']}, skip {case['skip']}"
            (row,) = self.rows(f"normalized{i}/runs.csv")
            self.assert_close(float(row["train_loss"]), case["loss"], place, 1e-9)
            (layers,) = self.parameters(f"normalized{i}").values()
            self.assert_close(layers, case["layers"], place, 1e-9)

    def test_no_normalization_is_missing(self):
        definitions = json.loads(self.succeed("schema"))["definitions"]
        stored = {case["normalization"]["name"] for case in NUMBERS["normalized"]["cases"]}
        self.assertEqual(set(definitions["model.normalization.name"]["enum"]) - {"none"}, stored)

    def test_no_activation_and_no_loss_is_missing(self):
        definitions = json.loads(self.succeed("schema"))["definitions"]
        activations = set(definitions["model.output_activation.name"]["enum"])
        self.assertEqual(activations - OWN, NUMBERS["outputs"].keys())
        losses = set(definitions["train.loss"]["enum"])
        for of_activation in NUMBERS["outputs"].values():
            self.assertEqual(of_activation.keys(), losses)

    def test_the_documented_settings_are_the_defaults_of_pytorch_and_keras(self):
        for i, case in enumerate(NUMBERS["optimizers"]):
            config = {
                "data": {"kind": "points", "inputs": [[1]], "targets": [[0]]},
                "model": {"hidden": [], "output_bias": False},
                "init": {"weights": 0.01},
                "train": {"loss": "half_mse", "optimizer": case["config"], "batch_size": "full",
                          "steps": NUMBERS["steps"], "precision": "float64"},
                "record": {"parameters": ["final"]},
            }
            self.train(config, f"out{i}")
            (layers,) = self.parameters(f"out{i}").values()
            self.assert_close(layers[0]["weights"][0][0], case["weight"], case["call"])


if __name__ == "__main__":
    harness.main()
