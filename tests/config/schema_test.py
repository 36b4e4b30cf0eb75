"""The JSON Schema that the program prints says the same as its validator.

Usage: schema_test.py PATH_TO_DEADRELU [unittest options]
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"
BASE = {
    "data": {"kind": "function", "samples": 100},
    "model": {"hidden": [4, 4], "activation": {"name": "leaky_relu", "slope": 0.1}},
    "init": {"weights": "he_normal", "bias": {"name": "normal", "std": 0.5}},
    "train": {
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.5},
        "schedule": {"name": "cosine", "final": 0.1},
        "steps": 10,
    },
    "record": {"every": 5, "probe": {"split": "train", "samples": "all"}},
    "seed": 3,
    "sweep": {
        "grid": {
            "init.gain": [1, 2],
            "train.clip_norm": {"lin": [1, 2, 3]},
            "init.output.bias": [0, {"name": "uniform", "limit": 1}],
        },
        "zip": {"record.tables": [["layers"], []], "train.sampling": ["epoch", "sequential"]},
        "list": [{"model.bias": True}, {}],
        "exclude": [{"init.gain": 1, "train.sampling": ["epoch"]}],
        "seeds": {"from": 0, "count": 2},
    },
}
REMOVE = object()

# (dotted place in BASE, "/" between keys of the sweep that have dots; new value)
WRONG = [
    ("data", REMOVE),
    ("data", []),
    ("data/kind", REMOVE),
    ("data/kind", "functoin"),
    ("data/samples", 0),
    ("data/samples", 1.5),
    ("data/samples", "100"),
    ("data/samples", 10**9),
    ("data/sampels", 100),
    ("data/domain", [0]),
    ("data/domain", [0, 1, 2]),
    ("data/noise", -0.1),
    ("data/test_fraction", 1),
    ("data/standardize", 1),
    ("data/seed", -1),
    ("data/limit", 0),
    ("model", REMOVE),
    ("model/hidden", REMOVE),
    ("model/hidden", 4),
    ("model/hidden", [0]),
    ("model/hidden", [70000]),
    ("model/width", 3),
    ("model/activation", "rleu"),
    ("model/activation", 3),
    ("model/derivative_at_zero", 1.5),
    ("model/bias", "yes"),
    ("model/bias", [True, 1]),
    ("model/activation", ["relu", "rleu"]),
    ("model/activation", {"layers": ["relu", 3]}),
    ("model/output_activation", ["relu"]),
    ("init/weights", ["rai", "he"]),
    ("init/bias", [0, True]),
    ("data/one_output", "yes"),
    ("train/freeze", [0]),
    ("train/freeze", 1),
    ("init/weights", "he"),
    ("init/bias/std", -1),
    ("init/bias", True),
    ("init/output", {"weight": "rai"}),
    ("train/loss", "msee"),
    ("train/optimizer/learning_rate", -1),
    ("train/optimizer/learning_rate", [0.1, 0.2]),
    ("train/optimizer", "sgdm"),
    ("train/batch_size", 0),
    ("train/batch_size", "all"),
    ("train/epochs", 3),
    ("train/steps", -1),
    ("train/precision", "float16"),
    ("record/log", 3),
    ("record/every", 0),
    ("record/probe/samples", "full"),
    ("record/tables", ["metric"]),
    ("record/parameters", "final"),
    ("record/thresholds", {"dormant": -1}),
    ("seed", -1),
    ("seed", 2**63),
    ("name", "a/b"),
    ("name", ".."),
    ("extra", 1),
    ("sweep/gird", {}),
    ("sweep/grid", {}),
    ("sweep/grid/init.gain", 1),
    ("sweep/grid/init.gain", []),
    ("sweep/grid/init.gain", ["x"]),
    ("sweep/grid/init.gian", [1]),
    ("sweep/grid/seed", [1]),
    ("sweep/grid/name", ["a"]),
    ("sweep/grid/train.loss", {"lin": [0, 1, 2]}),
    ("sweep/grid/train.clip_norm", {"lin": [0, 1]}),
    ("sweep/grid/train.clip_norm", {"log": [0, 1, 3]}),
    ("sweep/grid/train.clip_norm", {"lin": [0, 1, 10**15]}),
    ("sweep/grid/train.clip_norm", {"lin": [0, 1, 2], "log": [1, 2, 3]}),
    ("sweep/zip", 3),
    ("sweep/list", []),
    ("sweep/list", [3]),
    ("sweep/list", [{"model.biass": True}]),
    ("sweep/exclude", [{}]),
    ("sweep/seeds", 0),
    ("sweep/seeds", []),
    ("sweep/seeds", [-1]),
    ("sweep/seeds", {"from": 1}),
    ("sweep", 3),
]
# Keys of another variant: the schema allows them, so that editors offer them, and says to which variant they belong.
FOREIGN = [
    ("data/images", "x"),
    ("model/activation/pieces", 2),
    ("model/activation/name", "relu"),
    ("init/weights", {"name": "normal", "limit": 1}),
    ("train/optimizer/beta1", 0.9),
    ("train/schedule/gamma", 0.1),
]
NEEDS_NO_SWEEP = {"data", "data/kind", "model", "model/hidden"}  # with a sweep, the sweep could give them

RIGHT = [
    ("data", {"kind": "points", "inputs": [[i] for i in range(32)], "targets": [[1]] * 32}),
    ("data", {"kind": "csv", "path": "d.csv", "targets": ["y"], "task": "classification"}),
    ("data", {"kind": "idx", "images": "a", "labels": "b", "test_images": None}),
    ("data", {"kind": "teacher", "inputs": 3, "hidden": [4], "outputs": 2}),
    ("data/samples", 1e2),
    ("model/hidden", []),
    ("model", {"width": 3, "depth": 2}),
    ("model/activation", "maxout"),
    ("model/activation", ["relu", {"name": "leaky_relu", "slope": 0.2}]),
    ("model/bias", [True, False]),
    ("model/output_activation", {"name": "elu", "alpha": 2}),
    ("init/weights", ["rai", 0.5]),
    ("init/weights", {"name": "uniform", "low": -1, "high": 2}),
    ("init/bias", [{"name": "normal", "mean": 1}, -1]),
    ("train/freeze", [1, 3]),
    ("train/optimizer", {"name": "adam", "library": "keras"}),
    ("init/bias", -1),
    ("init/output", {"bias": "pytorch", "weights": {"name": "sign", "magnitude": 2}}),
    ("train/optimizer", "adam"),
    ("train/optimizer", {"name": "rmsprop", "alpha": 0.9}),
    ("train/schedule", {"name": "linear_warmup", "until": 0.5, "factor": 2}),
    ("train/batch_size", "full"),
    ("record", {"steps": [1, 2]}),
    ("record", {"log": 4}),
    ("seed", 2**63 - 1),
    ("sweep", {}),
    ("sweep/seeds", [1, 2]),
    ("sweep/grid/init.bias", {"lin": [-1, 0, 3]}),
    ("sweep/grid/model.activation", ["relu", {"name": "elu", "alpha": 2}]),
]


def without_comments(text):
    """The text without // and /* */ comments; comment signs within quotes stay."""
    token = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.S)
    return token.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)


def changed(place, value):
    config = copy.deepcopy(BASE)
    if value is REMOVE and place in NEEDS_NO_SWEEP or place in ("seed", "model"):
        del config["sweep"]
    *parents, last = place.split("/")
    inner = config
    for key in parents:
        inner = inner[key]
    if value is REMOVE:
        del inner[last]
    else:
        inner[last] = value
    return config


class SchemaTest(unittest.TestCase):
    program = ""

    @classmethod
    def setUpClass(cls):
        schema = json.loads(subprocess.run([cls.program, "schema"], check=True, capture_output=True).stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        cls.validator = jsonschema.Draft7Validator(schema)

    def refused_by_program(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            result = subprocess.run([self.program, "config", file.name], capture_output=True, text=True)
        self.assertIn(result.returncode, (0, 2), result.stderr)
        return result.returncode == 2

    def test_every_example_config_is_valid(self):
        paths = sorted(CONFIGS.glob("*.json"))
        self.assertGreaterEqual(len(paths), 5)
        for path in paths:
            with self.subTest(path.name):
                text = path.read_text()
                self.assertEqual([e.message for e in self.validator.iter_errors(json.loads(without_comments(text)))], [])
                self.assertFalse(self.refused_by_program(text))

    def test_resolved_configs_are_valid(self):
        for path in sorted(CONFIGS.glob("*.json")):
            with self.subTest(path.name):
                resolved = subprocess.run([self.program, "config", path], check=True, capture_output=True).stdout
                self.assertEqual([e.message for e in self.validator.iter_errors(json.loads(resolved))], [])

    def test_what_one_accepts_the_other_accepts(self):
        for place, value in [("seed", 3), *RIGHT]:
            with self.subTest(f"{place} = {value}"):
                config = changed(place, value)
                self.assertEqual([e.message for e in self.validator.iter_errors(config)], [])
                self.assertFalse(self.refused_by_program(json.dumps(config)))

    def test_what_one_refuses_the_other_refuses(self):
        self.assertGreaterEqual(len(WRONG), 40)
        for place, value in WRONG:
            with self.subTest(f"{place} = {value}"):
                config = changed(place, value)
                self.assertFalse(self.validator.is_valid(config))
                self.assertTrue(self.refused_by_program(json.dumps(config)))

    def test_what_belongs_to_another_variant_only_the_program_refuses(self):
        for place, value in FOREIGN:
            with self.subTest(f"{place} = {value}"):
                config = changed(place, value)
                self.assertTrue(self.validator.is_valid(config))
                self.assertTrue(self.refused_by_program(json.dumps(config)))

    def test_descriptions_name_the_variants_of_a_key(self):
        described = self.validator.schema["definitions"]["train.optimizer.beta1"]["description"]
        self.assertIn("Only with train.optimizer.name adam, adamw, lion.", described)


if __name__ == "__main__":
    SchemaTest.program = sys.argv.pop(1)
    unittest.main()
