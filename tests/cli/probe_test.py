"""`probe` on networks that PyTorch saved (tests/networks/make.py made them and computed what is expected), and the
way back: `export --parameters`."""

import json
import pathlib
import struct

import harness

NETWORKS = pathlib.Path(__file__).resolve().parents[1] / "networks"
EXPECTED = json.loads((NETWORKS / "expected.json").read_text(encoding="utf-8"))
TABLES = ("metrics", "layers", "units")


def near(column, found, expected):
    """The same, up to float64 rounding of sums of some hundred terms. The effective rank takes its singular values from
    a product of the activations with themselves, where those below 1e-8 of the largest are lost."""
    if isinstance(expected, float):
        return abs(found - expected) <= (1e-6 if column == "effective_rank" else 1e-11) * max(abs(expected), 1e-3)
    return found == expected


class Probe(harness.Case):
    def arguments(self, name, network=None):
        expected = EXPECTED[name]
        result = ["probe", NETWORKS / (network or f"{name}.safetensors"), "--data", NETWORKS / "inputs.npy"]
        if expected["targets"] != "none":
            result += ["--targets", NETWORKS / f"{expected['targets']}.npy"]
        if expected["activation"]:
            result += ["--activation", expected["activation"]]
        return [*result, "--set", "record.effective_rank=true"]

    def probe(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json"))

    def test_every_column_is_what_pytorch_computes(self):
        for name, expected in EXPECTED.items():
            found = self.probe(*self.arguments(name))
            for table in TABLES:
                self.assertEqual(len(found[table]), len(expected[table]), (name, table))
                for row, right in zip(found[table], expected[table]):
                    for column, value in row.items():
                        if column not in right and (value is None or column.startswith("certified")):
                            continue
                        self.assertIn(column, right, (name, table))
                        self.assertIsNotNone(value, (name, table, column))
                        self.assertTrue(near(column, value, right[column]), (name, table, column, value, right))

    def test_an_npz_and_a_line_of_parameters_are_the_same_network(self):
        name = "relu_float32"
        # Decimals in JSON are those of the run's precision.
        in_float32 = ("--table", "units", "--set", "train.precision=float32")
        from_safetensors = self.succeed(*self.arguments(name), *in_float32)
        self.assertEqual(self.succeed(*self.arguments(name, f"{name}.npz"), *in_float32), from_safetensors)
        config = {
            "data": {"kind": "npy", "inputs": str(NETWORKS / "inputs.npy"), "targets": str(NETWORKS / "regression.npy")},
            "model": {"hidden": [16, 12]}, "init": {"file": str(NETWORKS / f"{name}.safetensors")},
            "train": {"steps": 0}, "record": {"parameters": ["initial"]},
        }
        self.succeed("run", self.write(config), "--out", "out")
        self.write((self.folder / "out/parameters.jsonl").read_text(), "line.json")
        arguments = self.arguments(name)
        arguments[1] = "line.json"
        self.assertEqual(self.succeed(*arguments, *in_float32), from_safetensors)

    def test_an_exported_network_measures_as_the_run_did(self):
        config = harness.sweep(steps=60, seeds=2, biases=(0,))
        config["model"] = {"hidden": [6, 5], "activation": "prelu"}
        config["train"].update(precision="float64", batch_size="full")
        config["record"] = {"every": 60, "tables": ["layers"], "probe": {"samples": "all"}, "parameters": ["final"]}
        self.succeed("run", self.write(config), "--out", "out")
        layers = self.rows("out/layers.csv")
        for form in ("safetensors", "npz"):
            files = json.loads(self.succeed("export", "out", "--parameters", form, "--json"))
            self.assertEqual(len(files), 4)
            for file in files:
                rows = [r for r in layers if r["run_id"] == file["run_id"] and r["step"] == "60"]
                found = self.succeed("probe", f"out/{file['name']}", "--data", "small.json", "--table", "layers")
                again = harness.parse_csv(found)
                self.assertEqual(len(again), 3)
                for row, right in zip(again, rows):
                    # What hangs on the steps before, or on the learning rate.
                    for column in right.keys() - {"run_id", "step", "died", "revived", "update_ratio"}:
                        if not column.startswith("certified"):  # as much as can be proven, which the run did not ask for
                            self.assertEqual(row[column], right[column], column)

    def test_a_normalized_network_is_measured_with_what_it_has_learned(self):
        schema = json.loads(self.succeed("schema"))["definitions"]
        kinds = [name for name in schema["model.normalization.name"]["enum"] if name != "none"]
        for kind in kinds:
            for position in schema["model.normalization.position"]["enum"]:
                config = {
                    "data": {"kind": "npy", "inputs": str(NETWORKS / "inputs.npy"),
                             "targets": str(NETWORKS / "regression.npy")},
                    "model": {"hidden": [8, 8], "normalization": {"name": kind, "position": position}, "dropout": 0.2},
                    "train": {"steps": 30, "batch_size": 20, "precision": "float64"},
                    "record": {"every": 30, "parameters": ["final"]},
                }
                out = f"{kind}-{position}"
                self.succeed("run", self.write(config), "--out", out)
                (run,) = self.rows(f"{out}/runs.csv")
                last = [row for row in self.rows(f"{out}/layers.csv") if row["step"] == "30"]
                for format in ("safetensors", "npz"):
                    self.succeed("export", out, "--parameters", format)
                    found = self.probe(
                        "probe", f"{out}/parameters/{run['run_id']}-step30.{format}", "--data", NETWORKS / "inputs.npy",
                        "--targets", NETWORKS / "regression.npy", "--set", f"model.normalization.position={position}")
                    self.assertEqual(found["metrics"][0]["train_loss"], float(run["train_loss"]), (out, format))
                    for row, right in zip(found["layers"][:2], last, strict=False):
                        for column in ("dead_fraction", "activation_mean", "preactivation_std"):
                            self.assertEqual(row[column], float(right[column]), (out, format, column))

    def test_without_targets_there_is_no_loss_and_no_gradient(self):
        found = self.probe("probe", NETWORKS / "relu_float32.safetensors", "--data", NETWORKS / "inputs.npy")
        self.assertIsNone(found["metrics"][0]["train_loss"])
        self.assertIsNone(found["layers"][0]["grad_norm"])
        self.assertIsNone(found["units"][0]["zero_gradient"])
        self.assertIsNotNone(found["units"][0]["dead"])

    def test_a_csv_file_measures_as_the_array_does(self):
        network = NETWORKS / "prelu_float64.safetensors"
        numbers = struct.iter_unpack("<6f", (NETWORKS / "inputs.npy").read_bytes()[128:])
        table = "".join(",".join(map(repr, row)) + "\n" for row in numbers)
        self.write("a,b,c,d,e,f\n" + table, "x.csv")
        from_array = self.succeed("probe", network, "--data", NETWORKS / "inputs.npy", "--table", "units")
        self.assertEqual(self.succeed("probe", network, "--data", "x.csv", "--table", "units"), from_array)

    def test_units_are_certified_on_the_data_or_on_a_domain(self):
        # Units of layer 1: x - 2, -x - 5, x; of layer 2: relu(x - 2) - relu(x) - 1, which only exact proves dead.
        network = [{"weights": [[1], [-1], [1]], "bias": [-2, -5, 0]}, {"weights": [[1, 0, -1]], "bias": [-1]},
                   {"weights": [[1]], "bias": [0]}]
        self.write({"layers": network}, "network.json")
        self.write({"data": {"kind": "points", "inputs": [[-1], [1]], "targets": [[0], [0]]}, "model": {"hidden": []}})

        def certified(*arguments):
            units = self.probe("probe", "network.json", "--data", "small.json", *arguments)["units"]
            return [unit["certified_dead"] for unit in units]

        self.assertEqual(certified(), [1, 1, 0, 1])
        wide = ("--set", "record.domain.low=-4", "--set", "record.domain.high=[4]")
        self.assertEqual(certified(*wide), [0, 1, 0, 1])
        self.assertEqual(certified(*wide, "--set", "record.certify=interval"), [0, 1, 0, None])
        self.assertEqual(certified("--activation", "tanh"), [None] * 4)
        for wrong, sentence in [
            (["record.certify=exact", "model.activation=tanh"], "exact proves nothing of tanh; allowed for it: none"),
            (["record.domain.low=-4"], "needs record.domain.high beside it"),
            (["record.domain.low=-4", "record.domain.high=[]"], "a list of these, one an input"),
            (["record.domain.low=-4", "record.domain.high=-5"], "low may not be above high"),
            (["record.domain.low=-4", "record.domain.high=[1,2]"], "2 numbers, one an input; the data's inputs: 1"),
        ]:
            sets = [word for setting in wrong for word in ("--set", setting)]
            said = self.fail_with(2, "probe", "network.json", "--data", "small.json", *sets)
            self.assertIn(sentence, said)

    def test_the_report_names_layers_and_flagged_units(self):
        text = self.succeed(*self.arguments("relu_float32"))
        self.assertIn("6-16-12-3, relu", text)
        self.assertIn("layer 3", text)
        self.assertRegex(text, r"dead_fraction +0\.\d+ +0\.\d+ *\n")
        self.assertRegex(text, r"units with a flag: \d+ of 28")

    def test_results_are_written_like_those_of_a_run(self):
        self.succeed(*self.arguments("relu_float64"), "--out", "out")
        units = self.rows("out/units.csv")
        self.assertEqual(len(units), 28)
        manifest = json.loads((self.folder / "out/manifest.json").read_text())
        self.assertTrue(manifest["complete"])
        self.assertEqual(len(manifest["data_files"]), 3)

    def test_what_does_not_fit_is_told_and_nothing_is_written(self):
        network, inputs = NETWORKS / "relu_float32.safetensors", NETWORKS / "inputs.npy"
        for arguments, code, said in [
            (["--data", NETWORKS / "two.npy"], 2, f"{network}: the file's network has 6 inputs, the data 2"),
            (["--data", inputs, "--targets", NETWORKS / "two.npy"], 2, "has 3 outputs, the data 2"),
            (["--data", inputs, "--activation", "rulu"], 2, "did you mean"),
            (["--data", inputs, "--layout", "keras"], 4, "its biases do not go with weights of the layout keras"),
            (["--data", inputs, "--layout", "jax"], 2, "is none of auto, torch, keras"),
            (["--data", inputs, "--table", "unit"], 2, "did you mean 'units'?"),
            (["--data", inputs, "--targets", NETWORKS / "nothing.npy"], 4, "nothing.npy: cannot be opened"),
            (["--data", network], 4, "is a safetensors file, not a data file"),
            (["--data", inputs, "--set", "train.steps=5"], 2, "without targets a network can only be measured"),
            ([], 2, "data/kind: is missing"),
        ]:
            result = self.run_program("probe", network, *arguments, "--out", "out")
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(said, result.stderr)
            self.assertFalse((self.folder / "out").exists())

    def test_an_export_without_parameters_says_how_to_keep_them(self):
        self.succeed("run", self.write(harness.sweep(seeds=1)), "--out", "out")
        result = self.run_program("export", "out", "--parameters", "safetensors")
        self.assertEqual(result.returncode, 4)
        self.assertIn('"record": {"parameters": ["initial", "final"]}', result.stderr)
        self.assertEqual(self.run_program("export", "out", "--parameters", "onnx").returncode, 2)


if __name__ == "__main__":
    harness.main()
