"""Networks of PyTorch and Keras, there and back: the same outputs, and clear words for what deadrelu has not."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import deadrelu
import keras
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from deadrelu.files import read_arrays, write_arrays
from deadrelu.networks import _activation_names, _resolved, _torch_class

INPUTS = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)


def output(network, x=INPUTS):
    """What PyTorch makes of a network of ours."""
    with torch.no_grad():
        return deadrelu.to_torch(network)(torch.from_numpy(x)).numpy()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        torch.manual_seed(0)


class Torch(Folder):
    def test_a_sequential_comes_back_with_the_same_outputs(self):
        nn = torch.nn
        model = nn.Sequential(nn.Flatten(), nn.Linear(3, 7), nn.LeakyReLU(0.2), nn.Dropout(0.5),
                              nn.Sequential(nn.Linear(7, 5, bias=False), nn.GELU()), nn.Linear(5, 2), nn.Sigmoid()).eval()
        network = deadrelu.from_torch(model)
        self.assertEqual([layer.activation for layer in network.layers],
                         [{"name": "leaky_relu", "slope": 0.2}, {"name": "gelu"}, {"name": "sigmoid"}])
        with torch.no_grad():
            np.testing.assert_array_equal(output(network), model(torch.from_numpy(INPUTS)).numpy())

    def test_each_activation_of_both_is_recognised_with_its_numbers(self):
        known = 0
        for name in set(_activation_names().values()) - {"identity"}:
            if _torch_class(name) is None:
                with self.assertRaisesRegex(deadrelu.DeadreluError, f"PyTorch has no module for the activation {name}"):
                    deadrelu.to_torch(deadrelu.Network([deadrelu.Layer(np.eye(2), None, {"name": name})]))
                continue
            layer = deadrelu.Layer(np.eye(2, dtype=np.float32), None, _resolved("activation", name))
            model = deadrelu.to_torch(deadrelu.Network([layer]))
            known += 1
            self.assertEqual(deadrelu.from_torch(model).layers[0].activation, layer.activation)
        self.assertGreater(known, 15)

    def test_a_module_whose_forward_calls_functions_is_found_out(self):
        relu, tanh, log_softmax = torch.relu, torch.tanh, torch.nn.functional.log_softmax

        class Net(torch.nn.Module):
            def __init__(self, hidden, last):
                super().__init__()
                self.one, self.two, self.three = (torch.nn.Linear(3, 6), torch.nn.Linear(6, 6), torch.nn.Linear(6, 2))
                self.hidden, self.last = hidden, last

            def forward(self, x):
                return self.last(self.three(self.hidden(self.two(self.hidden(self.one(x))))))

        for hidden, last, names in ((relu, lambda x: x, ["relu", "relu", "identity"]),
                                    (tanh, lambda x: log_softmax(x, dim=1), ["tanh", "tanh", "identity"]),
                                    (torch.nn.ReLU(), torch.nn.Sigmoid(), ["relu", "relu", "sigmoid"]),
                                    (lambda x: x, lambda x: x, ["identity"] * 3)):
            network = deadrelu.from_torch(Net(hidden, last))
            self.assertEqual([layer.activation["name"] for layer in network.layers], names)
        with self.assertRaisesRegex(deadrelu.DeadreluError, "computes something else"):
            deadrelu.from_torch(Net(torch.sin, lambda x: x))
        with self.assertRaisesRegex(deadrelu.DeadreluError, "cannot be run on 3 inputs"):
            deadrelu.from_torch(Net(lambda x: x.view(1, 2, 3, 4, 5), lambda x: x))

    def normalized(self, kind, behind=False, width=5):
        """Two hidden layers with a normalization that has learned something."""
        nn = torch.nn
        cls, options = {"layer_norm": (nn.LayerNorm, {"eps": 1e-3}), "rms_norm": (nn.RMSNorm, {"eps": 1e-3}),
                        "plain_layer_norm": (nn.LayerNorm, {"elementwise_affine": False}),
                        "batch_norm": (nn.BatchNorm1d, {"momentum": 0.3}),
                        "plain_batch_norm": (nn.BatchNorm1d, {"affine": False})}[kind]
        between = [lambda: cls(width, **options), nn.ReLU][::-1 if behind else 1]
        model = nn.Sequential(nn.Linear(3, width), *(make() for make in between), nn.Dropout(0.5), nn.Linear(width, width),
                              *(make() for make in between), nn.Linear(width, 2)).double()
        with torch.no_grad():
            for name, value in [*model.named_parameters(), *model.named_buffers()]:
                if value.dtype == torch.float64:
                    value.add_(torch.rand_like(value) / 2)
        return model.eval()

    def test_normalizations_come_back_with_the_same_outputs_and_are_probed(self):
        x = INPUTS.astype(np.float64)
        for kind in ("layer_norm", "rms_norm", "plain_layer_norm", "batch_norm", "plain_batch_norm"):
            for behind in (False, True):
                with self.subTest(kind=kind, behind=behind):
                    model = self.normalized(kind, behind)
                    network = deadrelu.from_torch(model)
                    settings = network.config("x")["model"]["normalization"]
                    self.assertEqual(settings["name"], kind.removeprefix("plain_"))
                    self.assertEqual(settings["affine"], not kind.startswith("plain"))
                    self.assertEqual(settings["position"], "after_activation" if behind else "before_activation")
                    with torch.no_grad():
                        expected = model(torch.from_numpy(x)).numpy()
                        again = deadrelu.to_torch(network).eval()(torch.from_numpy(x)).numpy()
                        hidden = torch.relu(model[:2 if behind else 3](torch.from_numpy(x)))
                        hidden = torch.relu(model[0](torch.from_numpy(x))) if behind else hidden
                    np.testing.assert_array_equal(again, expected)
                    probed = deadrelu.probe(model, (x, expected), set={"train.precision": "float64"})
                    self.assertLess(probed.runs["train_loss"][0], 1e-24)
                    units = probed.units[probed.units["layer"] == 1]
                    np.testing.assert_allclose(units["activation_mean"], hidden.mean(axis=0).numpy(), rtol=1e-9)

    def test_a_normalization_of_functions_is_found_out(self):
        class Net(torch.nn.Module):
            def __init__(self, behind):
                super().__init__()
                self.one, self.norm, self.two = torch.nn.Linear(3, 6), torch.nn.LayerNorm(6), torch.nn.Linear(6, 2)
                self.behind = behind

            def forward(self, x):
                x = self.one(x)
                return self.two(self.norm(torch.relu(x)) if self.behind else torch.relu(self.norm(x)))

        for behind in (False, True):
            first = deadrelu.from_torch(Net(behind)).layers[0]
            self.assertEqual(first.activation, {"name": "relu"})
            self.assertEqual(first.normalization.settings["position"], "after_activation" if behind else "before_activation")

    def test_a_recorded_network_with_a_normalization_computes_in_torch_what_its_losses_say(self):
        results = deadrelu.run({
            "data": {"kind": "function", "function": "abs", "samples": 64}, "model": {"hidden": [6, 5]},
            "train": {"steps": 30, "precision": "float64"}, "record": {"every": 30, "parameters": ["final"]},
            "sweep": {"grid": {"model.normalization": ["layer_norm", "rms_norm", {
                "name": "batch_norm", "position": "after_activation", "epsilon": 0.01}]}},
        }, out=self.folder / "out", progress=False)
        x = np.linspace(*results.config["data"]["domain"], 64)[:, None]
        for run in results.runs.itertuples():
            with torch.no_grad():
                outputs = deadrelu.to_torch(results.network(run.run_id)).eval()(torch.from_numpy(x)).numpy()
            self.assertAlmostEqual(((outputs - abs(x)) ** 2).mean(), run.train_loss, places=12)
        skipping = deadrelu.run({"data": {"kind": "xor"}, "model": {"hidden": [4, 4], "skip": True}, "train": {"steps": 1},
                                 "record": {"parameters": ["final"]}}, out=self.folder / "skip", progress=False)
        with self.assertRaisesRegex(deadrelu.DeadreluError, "model.skip"):
            deadrelu.to_torch(skipping)

    def test_a_state_dict_has_the_layers_and_no_activations(self):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
        network = deadrelu.from_torch(model.state_dict())
        self.assertEqual([layer.weight.shape for layer in network.layers], [(4, 3), (1, 4)])
        self.assertEqual([layer.activation["name"] for layer in network.layers], ["identity"] * 2)
        for kind in ("layer_norm", "rms_norm", "batch_norm"):
            model = self.normalized(kind)
            found = [layer.normalization for layer in deadrelu.from_torch(model.state_dict()).layers]
            self.assertEqual([one and one.settings["name"] for one in found], [kind, kind, None])
            probed = [deadrelu.probe(each, INPUTS, set={"model.normalization": found[0].settings | {
                "epsilon": getattr(model[1], "eps")}}) for each in (model.state_dict(), model)]
            np.testing.assert_array_equal(probed[0].units["activation_mean"], probed[1].units["activation_mean"])

    def test_what_deadrelu_has_not_is_named(self):
        nn = torch.nn
        for model, said in ((nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 1)), "0 is a Conv2d"),
                            (nn.Sequential(nn.Linear(3, 2), nn.GELU(approximate="tanh"), nn.Linear(2, 1)), "GELU computes"),
                            (nn.Sequential(nn.Linear(3, 2), nn.Softmax(dim=1), nn.Linear(2, 1)), "a hidden layer has a softmax"),
                            (nn.Sequential(nn.ReLU(), nn.Linear(3, 2)), "follows no dense layer"),
                            (nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 1)), "has 2 outputs, and the next one takes 3"),
                            (nn.Flatten(), "has no dense layer"),
                            (nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)), "follows no dense layer"),
                            (nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)), "the output layer has a normalization"),
                            (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2)),
                             "without running statistics"),
                            (nn.Sequential(nn.Linear(3, 4), nn.GroupNorm(2, 4), nn.Linear(4, 2)), "1 is a GroupNorm"),
                            ({"a.weight": torch.zeros(2, 3, 4)}, "a.weight has 3 dimensions")):
            with self.assertRaisesRegex(deadrelu.DeadreluError, said):
                deadrelu.from_torch(model)

    def test_safetensors_are_those_of_the_library(self):
        arrays = {f"{dtype}.weight": np.arange(6).reshape(2, 3).astype(dtype)
                  for dtype in ("float64", "float32", "float16", "int64", "uint8", "bool")}
        write_arrays(self.folder / "ours.safetensors", arrays)
        read = safetensors.numpy.load_file(self.folder / "ours.safetensors")
        safetensors.numpy.save_file(arrays, self.folder / "theirs.safetensors")
        for found in (read, read_arrays(self.folder / "theirs.safetensors")):
            self.assertEqual(set(found), set(arrays))
            for name, array in arrays.items():
                np.testing.assert_array_equal(found[name], array)
                self.assertEqual(found[name].dtype, array.dtype)
        safetensors.torch.save_file({"x": torch.tensor([1.5, -2.0]).bfloat16()}, self.folder / "bfloat16.safetensors")
        np.testing.assert_array_equal(read_arrays(self.folder / "bfloat16.safetensors")["x"], [1.5, -2])

    def test_damaged_files_are_refused(self):
        write_arrays(self.folder / "good.safetensors", {"a.weight": np.zeros((2, 2))})
        good = (self.folder / "good.safetensors").read_bytes()
        bad = self.folder / "bad.safetensors"
        for content in (b"", good[:5], good[:40], good[:-1], b"\xff" * 8 + good[8:], good.replace(b'"F64"', b'"F99"'),
                        good.replace(b"[2, 2]", b"[2, 9]"), good.replace(b"[0, 32]", b"[9, 32]"), good[:8] + b"[" + good[9:]):
            bad.write_bytes(content)
            with self.assertRaisesRegex(deadrelu.DeadreluError, "bad.safetensors: "):
                read_arrays(bad)

    def test_a_trained_run_computes_in_torch_what_its_losses_say(self):
        results = deadrelu.run({
            "data": {"kind": "function", "function": "abs", "samples": 64}, "model": {"hidden": [6, 5]},
            "train": {"steps": 50, "precision": "float64"}, "record": {"every": 50, "parameters": ["initial", "final"]},
            "sweep": {"grid": {"model.activation": ["relu", {"name": "leaky_relu", "slope": 0.3}]}},
        }, out=self.folder / "out", progress=False)
        x = np.linspace(*results.config["data"]["domain"], 64)[:, None]
        for run in results.runs.itertuples():
            for step, loss in ((0, run.train_loss_initial), (50, run.train_loss)):
                network = results.network(run.run_id, step)
                self.assertAlmostEqual(((output(network, x) - abs(x)) ** 2).mean(), loss, places=12)

    def test_a_network_is_trained_on_from_where_it_was(self):
        model = torch.nn.Sequential(torch.nn.Linear(1, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1)).double()
        network = deadrelu.from_torch(model)
        config = network.config(network.save(self.folder / "model.safetensors"))
        results = deadrelu.run({**config, "data": {"kind": "function", "function": "abs", "samples": 64},
                                "train": {"steps": 1, "precision": "float64"}}, out=self.folder / "out", progress=False)
        x = np.linspace(*results.config["data"]["domain"], 64)[:, None]
        self.assertAlmostEqual(((output(network, x) - abs(x)) ** 2).mean(), results.runs["train_loss_initial"][0], places=12)


class Probe(Folder):
    def test_layers_and_units_are_those_that_torch_computes(self):
        nn = torch.nn
        model = nn.Sequential(nn.Linear(3, 40), nn.ReLU(), nn.Linear(40, 30), nn.LeakyReLU(0.2), nn.Linear(30, 2)).double()
        with torch.no_grad():
            model[0].bias -= 1
            hidden = [model[:2](torch.from_numpy(INPUTS).double()).numpy(), model[:4](torch.from_numpy(INPUTS).double()).numpy()]
        targets = np.random.default_rng(2).integers(0, 2, 50)
        results = deadrelu.probe(model, (INPUTS, targets))
        self.assertEqual(results.layers["dead_fraction"][0], (hidden[0] == 0).all(axis=0).mean())
        self.assertGreater(results.layers["dead_fraction"][0], 0)
        for layer, values in enumerate(hidden, 1):
            units = results.units[results.units["layer"] == layer]
            np.testing.assert_allclose(units["activation_mean"], values.mean(axis=0), rtol=1e-12)
        loss = nn.functional.cross_entropy(model(torch.from_numpy(INPUTS).double()), torch.from_numpy(targets))
        self.assertAlmostEqual(results.runs["train_loss"][0], loss.item(), places=12)
        again = deadrelu.probe(model.state_dict(), (INPUTS, targets), set={"model.activation": ["relu", {
            "name": "leaky_relu", "slope": 0.2}]}, out=self.folder / "out")
        np.testing.assert_array_equal(again.units["activation_mean"], results.units["activation_mean"])

    def test_a_wrong_number_of_inputs_is_told(self):
        with self.assertRaisesRegex(deadrelu.DeadreluError, "3 inputs, the data 2"):
            deadrelu.probe(torch.nn.Linear(3, 2), INPUTS[:, :2])


class Keras(Folder):
    def model(self):
        layers = keras.layers
        return keras.Sequential([
            keras.Input((3,)), layers.Dense(6, activation="relu"), layers.Dropout(0.1), layers.Dense(5, activation="swish"),
            layers.Dense(4), layers.LeakyReLU(negative_slope=0.3), layers.Dense(3, activation="leaky_relu", use_bias=False),
            layers.Dense(2, activation="softmax")])

    def test_a_model_and_its_files_give_the_same_outputs(self):
        model = self.model()
        logits = np.log(keras.ops.convert_to_numpy(model(INPUTS)))
        for name in (None, "model.keras", "model.h5"):
            if name:
                model.save(self.folder / name)
            network = deadrelu.from_keras(model if name is None else self.folder / name)
            self.assertEqual([layer.activation["name"] for layer in network.layers],
                             ["relu", "silu", "leaky_relu", "leaky_relu", "identity"])
            self.assertEqual([network.layers[place].activation["slope"] for place in (2, 3)], [0.3, 0.2])
            ours = output(network)
            np.testing.assert_allclose(ours - ours[:, :1], logits - logits[:, :1], atol=1e-5)

    def test_normalizations_give_the_same_outputs(self):
        layers = keras.layers
        for make in (layers.BatchNormalization, lambda: layers.LayerNormalization(center=False),
                     lambda: layers.BatchNormalization(scale=False), layers.RMSNormalization):
            model = keras.Sequential([keras.Input((3,)), layers.Dense(6), make(), layers.ReLU(), layers.Dense(2)])
            model.set_weights([array + np.random.default_rng(3).random(array.shape) / 2 for array in model.get_weights()])
            network = deadrelu.from_keras(model)
            with torch.no_grad():
                ours = deadrelu.to_torch(network).eval()(torch.from_numpy(INPUTS)).numpy()
            np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(model(INPUTS)), atol=1e-5)

    def test_what_deadrelu_has_not_is_named(self):
        layers = keras.layers
        for layer, said in ((layers.GroupNormalization(2), "is a GroupNormalization"), (layers.ReLU(max_value=1), "ReLU computes"),
                            (layers.Activation("exponential"), "no activation exponential")):
            model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layer, layers.Dense(1)])
            with self.assertRaisesRegex(deadrelu.DeadreluError, said):
                deadrelu.from_keras(model)
        inputs = keras.Input((3,))
        two = keras.Model(inputs, [layers.Dense(2)(inputs), layers.Dense(2)(inputs)])
        added = keras.Model(inputs, layers.Add()([layers.Dense(3)(inputs), inputs]))
        for model, said in ((two, "with one output"), (added, "is a Add")):
            with self.assertRaisesRegex(deadrelu.DeadreluError, said):
                deadrelu.from_keras(model)
        with self.assertRaisesRegex(deadrelu.DeadreluError, "there is no such file"):
            deadrelu.from_keras(self.folder / "absent.h5")
        (self.folder / "bad.h5").write_text("nothing")
        with self.assertRaisesRegex(deadrelu.DeadreluError, "bad.h5: Keras cannot load it"):
            deadrelu.from_keras(self.folder / "bad.h5")


class Convert(Folder):
    def convert(self, *arguments):
        done = subprocess.run([sys.executable, "-m", "deadrelu", "convert", *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr.splitlines()[-1:]

    def test_files_of_both_become_files_that_deadrelu_reads(self):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
        torch.save(model.state_dict(), self.folder / "torch.pt")
        torch.save({"epoch": 3, "state_dict": model.state_dict()}, self.folder / "checkpoint.pth")
        Keras.model(self).save(self.folder / "keras.h5")
        for name, said in (("torch.pt", "3-4-1, activations identity, identity"), ("checkpoint.pth", "3-4-1"),
                           ("keras.h5", "3-6-5-4-3-2, activations relu, silu, leaky_relu, leaky_relu, identity")):
            for target in ("model.safetensors", "model.npz"):
                code, text, errors = self.convert(name, target)
                self.assertEqual(code, 0, errors)
                self.assertIn(f"{target}: {said}", text)
        self.assertEqual(self.convert("model.npz", "again.safetensors")[0], 0)
        np.testing.assert_array_equal(read_arrays(self.folder / "again.safetensors")["0.weight"],
                                      read_arrays(self.folder / "model.npz")["0.weight"])

    def test_what_cannot_be_converted_is_told(self):
        torch.save(torch.nn.Linear(2, 2), self.folder / "module.pt")
        torch.save([1, 2], self.folder / "list.pt")
        (self.folder / "text.npz").write_text("nothing")
        for name, said in (("absent.pt", "there is no such file"), ("module.pt", "save its state_dict"), ("list.pt", "holds a list"),
                           ("text.npz", "cannot be read as npz")):
            code, _, errors = self.convert(name, "out.safetensors")
            self.assertEqual(code, 4)
            self.assertIn(said, errors[0])
            self.assertFalse((self.folder / "out.safetensors").exists())
        self.assertEqual(self.convert("list.pt")[0], 2)

    def test_every_other_command_is_the_programs(self):
        done = subprocess.run([sys.executable, "-m", "deadrelu", "version", "--json"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout)["version"], deadrelu.__version__)


if __name__ == "__main__":
    unittest.main()
