"""Remedies and Lion as PyTorch computes them by hand: tests/reference/torch_remedies.py made the numbers."""

import json
import math
import pathlib

import harness

NUMBERS = json.loads((pathlib.Path(__file__).parent.parent / "reference/torch_remedies.json").read_text())


class TorchRemedies(harness.Case):
    def assert_close(self, given, expected, place):
        self.assertTrue(math.isclose(given, expected, rel_tol=1e-9, abs_tol=1e-9), f"{place}: {given}, {expected}")

    def test_every_step_has_torchs_loss_and_the_last_one_its_parameters(self):
        (self.folder / "start.json").write_text(json.dumps({"layers": NUMBERS["layers"]}))
        for i, case in enumerate(NUMBERS["cases"]):
            config = {
                "data": {"kind": "points", "inputs": NUMBERS["inputs"], "targets": NUMBERS["targets"]},
                "model": {"hidden": [3, 2], **case["config"].get("model", {})},
                "init": {"file": "start.json"},
                "record": {"every": 1, "parameters": ["final"]},
                "remedy": case["config"].get("remedy", "none"),
            }
            config["train"] = {"batch_size": "full", "steps": NUMBERS["steps"], "precision": "float64",
                               **case["config"].get("train", {})}
            self.train(config, f"out{i}")
            place = json.dumps(case["config"])
            losses = [float(row["train_loss"]) for row in self.rows(f"out{i}/metrics.csv")]
            for loss, expected in zip(losses, case["losses"]):
                self.assert_close(loss, expected, place)
            line = json.loads((self.folder / f"out{i}/parameters.jsonl").read_text())
            for layer, expected in zip(line["layers"], case["layers"], strict=True):
                for name, block in expected.items():
                    given = sum(layer[name], []) if name == "weights" else layer[name]
                    numbers = sum(block, []) if name == "weights" else block
                    for one, other in zip(given, numbers, strict=True):
                        self.assert_close(one, other, f"{place} {name}")


if __name__ == "__main__":
    harness.main()
