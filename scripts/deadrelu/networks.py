"""Dense networks between deadrelu, PyTorch and Keras, and the probe of a network that was trained elsewhere.

PyTorch and Keras are imported where one of their networks is at hand or asked for, and need not be there otherwise.
"""

from __future__ import annotations

import copy
import inspect
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .files import read_arrays, write_arrays
from .program import DeadreluError, Settings, ask, set_options, to_json
from .results import Results

if TYPE_CHECKING:
    import torch

# Layers of PyTorch and Keras that do nothing to a vector, or only while training.
_PASSED_OVER = {"Flatten", "Identity", "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "InputLayer",
                "Input"}
# What other libraries call an activation's numbers.
_NUMBERS = {"negative_slope": "slope", "init": "slope", "alpha": "alpha", "lower": "lower", "upper": "upper"}


# What PyTorch calls the arrays of a normalization; and parameters.jsonl, then Keras.
_NORMALIZATION_ARRAYS = {"weight": ("norm_weight", "gamma", "scale"), "bias": ("norm_bias", "beta"),
                         "running_mean": ("running_mean", "moving_mean"), "running_var": ("running_var", "moving_variance")}


@dataclass
class Normalization:
    """The settings, as `model.normalization` of a config has them, and the arrays [units], by PyTorch's names."""

    settings: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


@dataclass
class Layer:
    """weight [outputs][inputs], bias [outputs] or None, the activation, as a config has it: {"name": "relu"}, and the
    normalization that stands before or behind it."""

    weight: NDArray[Any]
    bias: NDArray[Any] | None = None
    activation: dict[str, Any] = field(default_factory=lambda: {"name": "identity"})
    normalization: Normalization | None = None

    def modules(self) -> list[tuple[Any, dict[str, NDArray[Any]]]]:
        """What stands for it in a Sequential: None for a Linear, else what a config calls it; and its arrays."""
        activates = self.activation["name"] != "identity"
        slope = {"weight": np.array([self.activation["slope"]], self.weight.dtype)} if self.activation["name"] == "prelu" else {}
        parts: list[tuple[Any, dict[str, NDArray[Any]]]] = [(self.activation, slope)] if activates else []
        if self.normalization is not None:
            before = self.normalization.settings["position"] == "before_activation"
            parts.insert(0 if before else len(parts), (self.normalization.settings, self.normalization.arrays))
        return [(None, {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})), *parts]


@dataclass
class Network:
    """The layers of a dense network, the output layer last."""

    layers: list[Layer]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the parameters, .safetensors or .npz, as `init.file` and `deadrelu probe` read them."""
        write_arrays(path, self.state_dict())
        return Path(path)

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """The parameters by their names in the Sequential that `to_torch` makes."""
        modules = [arrays for layer in self.layers for _, arrays in layer.modules()]
        return {f"{index}.{name}": array for index, arrays in enumerate(modules) for name, array in arrays.items()}

    def config(self, file: str | os.PathLike[str]) -> dict[str, Any]:
        """The parts `model` and `init` of a config that trains this network on, once it is saved to that file."""
        hidden = [layer.activation for layer in self.layers[:-1]]
        same = all(activation == hidden[0] for activation in hidden)
        model: dict[str, Any] = {"hidden": [len(layer.weight) for layer in self.layers[:-1]]}
        if hidden:
            model["activation"] = hidden[0] if same else hidden
        if self.layers[-1].activation["name"] != "identity":
            model["output_activation"] = self.layers[-1].activation
        if all(layer.bias is None for layer in self.layers):
            model["bias"] = False
        settings = [None if layer.normalization is None else layer.normalization.settings for layer in self.layers[:-1]]
        if any(one != settings[0] for one in settings):
            raise DeadreluError(f"a config has one normalization of all hidden layers, the network {to_json(settings)}")
        if settings and settings[0] is not None:
            model["normalization"] = settings[0]
        return {"model": model, "init": {"file": os.fspath(file)}}


def from_torch(source: torch.nn.Module | Mapping[str, Any]) -> Network:
    """The dense network in a torch.nn.Module, or in a state_dict.

    A module is run on random inputs, and what is returned computes the same in evaluation: its Linear layers in the order in
    which it registers them, with its activations, or with one activation of all hidden layers where forward() calls it as a
    function, and its LayerNorm, RMSNorm and BatchNorm1d of hidden layers. A softmax at the end is left out. A module that computes something else is a DeadreluError, and so is a layer of another
    kind with parameters. A state_dict has no activations, so they are left at identity, and tells of a
    normalization what its arrays do: with running means it is batch_norm, with shifts layer_norm, else rms_norm.
    """
    if isinstance(source, Mapping):
        return _from_arrays({name: _array(value) for name, value in source.items()}, "the state_dict")
    layers: list[Layer] = []
    problem = None
    for name, module in source.named_modules(remove_duplicate=False):
        kind = type(module).__name__
        activation = _torch_module(kind, module)
        if kind == "Linear":
            layers.append(Layer(_array(module.weight), None if module.bias is None else _array(module.bias)))
        elif activation is not None:
            try:
                _activate(layers, activation, name)
            except DeadreluError as error:
                problem = error  # unless it is used elsewhere than where it is registered
        elif _normalization_name(kind) is not None:
            _normalize(layers, _normalization(kind, module, name), name)
        elif kind not in _PASSED_OVER and next(module.parameters(recurse=False), None) is not None:
            raise DeadreluError(f"{name or 'the module'} is a {kind}: deadrelu has dense layers (Linear), activations and "
                                f"normalizations ({', '.join(_names('model.normalization.name')[1:])})")
    return _as_computed(source, _checked(layers, "the module"), problem)


def from_keras(source: Any) -> Network:
    """The dense network in a Keras model, or in a .keras or .h5 file that `model.save` wrote."""
    if isinstance(source, (str, os.PathLike)):
        if not Path(source).is_file():
            raise DeadreluError(f"{source}: there is no such file")
        try:
            import keras
        except ModuleNotFoundError:
            raise DeadreluError(f"{source}: reading it takes Keras: pip install keras and tensorflow, jax or torch") from None
        try:
            source = keras.models.load_model(source, compile=False)
        except (ValueError, OSError, TypeError) as error:
            raise DeadreluError(f"{source}: Keras cannot load it: {str(error).strip().splitlines()[0]}") from None
    layers: list[Layer] = []
    if type(source).__name__ not in ("Sequential", "Functional") or len(source.outputs) != 1:
        raise DeadreluError("only a Sequential or Functional model with one output says in which order its layers are used")
    for layer in source.layers:
        kind, activation = type(layer).__name__, None
        if kind == "Dense":
            weights = [np.asarray(array) for array in layer.get_weights()]
            layers.append(Layer(weights[0].T, weights[1] if len(weights) > 1 else None))
        if kind in ("Dense", "Activation"):
            name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
            activation = _recognised(name, layer.activation, lambda x: _array(layer.activation(x)))
            if activation is None:
                raise DeadreluError(f"{layer.name}: deadrelu has no activation {name}")
        elif _normalization_name(kind) is not None:
            _normalize(layers, _normalization(kind, layer, layer.name), layer.name)
        elif kind not in _PASSED_OVER:
            activation = _recognised(kind, layer, lambda x: _array(layer(x)))
            if activation is None:
                raise DeadreluError(f"{layer.name} is a {kind}: deadrelu has dense layers (Dense) and activations")
        if activation is not None:
            _activate(layers, activation, layer.name)
    return _checked(layers, "the model")


def of_run(results: Results, run_id: str | None = None, step: int | None = None) -> Network:
    """The network of a run: what `Results.network` returns."""
    table = results.parameters
    if table.empty:
        raise DeadreluError(f"{results.directory}: no parameters were recorded; record.parameters says which to record")
    run_id = str(table["run_id"].iloc[0]) if run_id is None else run_id
    chosen = table[(table["run_id"] == run_id)].sort_values("step")
    if step is not None:
        chosen = chosen[chosen["step"] == step]
    if chosen.empty:
        raise DeadreluError(f"{results.directory}: no parameters of run {run_id}"
                            + ("" if step is None else f" at step {step}"))
    found: list[dict[str, Any]] = chosen["layers"].iloc[-1]
    layers = [Layer(np.asarray(layer["weights"]), np.asarray(layer["bias"]) if "bias" in layer else None) for layer in found]
    run = results.runs.set_index("run_id").loc[run_id]
    for key, some in (("activation", layers[:-1]), ("output_activation", layers[-1:])):
        for layer, activation in zip(some, layer_by_layer(_setting(results, run, f"model.{key}"), len(some))):
            layer.activation = activation
    normalization = _resolved("normalization", to_json(_setting(results, run, "model.normalization")))
    for layer, learned in zip(layers, found):
        if "slope" in learned:
            layer.activation["slope"] = float(np.ravel(learned["slope"])[0])
        if layer is not layers[-1] and normalization["name"] != "none":
            layer.normalization = Normalization(dict(normalization), {
                ours: np.asarray(learned[theirs[0]]) for ours, theirs in _NORMALIZATION_ARRAYS.items() if theirs[0] in learned})
    if _setting(results, run, "model.skip") is True:
        raise DeadreluError(f"{results.directory}: the network has model.skip, which no list of layers has; `deadrelu export "
                            "--parameters` writes its arrays")
    return Network(layers)


def layer_by_layer(given: Any, count: int = 1) -> list[dict[str, Any]]:
    """What a config gives as activation, "relu", {"name": …}, or one of these a layer, for each of `count` layers."""
    if isinstance(given, Mapping) and "layers" in given:
        given = given["layers"]
    each = given if isinstance(given, list) else [given] * count
    return [{"name": one} if isinstance(one, str) else dict(one) for one in each]


def to_torch(source: Network | Results | str | os.PathLike[str], **which: Any) -> torch.nn.Sequential:
    """A torch.nn.Sequential with the same parameters and activations.

    source  a Network; Results, with `run_id` and `step` as `Results.network` has them; or the path of a .safetensors or
            .npz file, which has no activations
    """
    import torch

    if isinstance(source, Results):
        source = source.network(**which)
    elif not isinstance(source, Network):
        source = _from_arrays(read_arrays(source), os.fspath(source))
    modules: list[torch.nn.Module] = []
    for layer in source.layers:
        outputs, inputs = layer.weight.shape
        for described, arrays in layer.modules():
            if described is None:
                module: torch.nn.Module = torch.nn.Linear(inputs, outputs, bias=layer.bias is not None)
            elif described is layer.activation:
                module = _torch_activation(described)
            else:
                module = _torch_normalization(described, outputs)
            tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
            module.load_state_dict(tensors, strict=False, assign=True)
            modules.append(module)
    return torch.nn.Sequential(*modules)


def probe(network: Any, data: Any, *, activation: str | Mapping[str, Any] | None = None,
          out: str | os.PathLike[str] | None = None, set: Settings | None = None) -> Results:
    """The layers and units of a network on data: which are dead, which hardly live. Nothing is trained.

    network     a torch.nn.Module, a state_dict, a Keras model, a Network, or the path of a file that `deadrelu probe` reads
    data        inputs [examples][inputs], the pair (inputs, targets), or the path of a file that `deadrelu probe` reads;
                whole numbers as targets are classes where the network has an output for each
    activation  of the hidden layers, "relu" or {"name": "leaky_relu", "slope": 0.2}; default: the network's own, and relu
                where it is a state_dict or a file
    out         where the tables go; default: a folder that lives as long as what is returned
    set         changes of other keys of the config, as for `run`

    Returns Results with the tables of a run at step 0. Without targets there are no losses and gradients.
    """
    here = Path(tempfile.mkdtemp(prefix="deadrelu-"))
    try:
        results = _probe(network, data, activation, Path(out) if out is not None else here / "probe", set_options(set), here)
    except BaseException:
        shutil.rmtree(here)
        raise
    weakref.finalize(results, shutil.rmtree, here)
    return results


def convert(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> Network:
    """Writes the network of a .pt, .pth, .h5, .keras, .npz or .safetensors file as .safetensors or .npz, and returns it."""
    suffix = Path(source).suffix
    if not Path(source).is_file():
        raise DeadreluError(f"{source}: there is no such file")
    if suffix in (".h5", ".hdf5", ".keras"):
        network = from_keras(source)
    elif suffix in (".pt", ".pth", ".bin", ".ckpt"):
        network = _from_torch_file(source)
    else:
        network = _from_arrays(read_arrays(source), os.fspath(source))
    network.save(target)
    return network


def _probe(network: Any, data: Any, activation: str | Mapping[str, Any] | None, out: Path, settings: list[str],
           folder: Path) -> Results:
    if isinstance(network, (str, os.PathLike)):
        file = Path(network)
    else:
        known = _known(network)
        file = known.save(folder / "network.safetensors")
        if not isinstance(network, Mapping):
            model = known.config(file)["model"]
            settings = [f"--set=model.{key}={to_json(value)}" for key, value in model.items() if key != "hidden"] + settings
    if activation is not None:
        settings.append(f"--activation={activation if isinstance(activation, str) else to_json(activation)}")
    ask("probe", file, "--data", _data_file(data, folder), "--out", out, *settings)
    return Results(out)


def _known(network: Any) -> Network:
    if isinstance(network, Network):
        return network
    if isinstance(network, Mapping) or hasattr(network, "named_modules"):
        return from_torch(network)
    return from_keras(network)


def _data_file(data: Any, folder: Path) -> Path:
    if isinstance(data, (str, os.PathLike)):
        return Path(data)
    if isinstance(data, tuple):
        inputs, targets = data
        file = folder / "data.npz"
        np.savez(file, inputs=_array(inputs), targets=_array(targets))
    else:
        file = folder / "data.npy"
        np.save(file, _array(data))
    return file


def _array(values: Any) -> NDArray[Any]:
    """NumPy's array of an array, tensor, variable or frame."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        values = values.numpy()
    return np.asarray(values)


def _from_arrays(arrays: Mapping[str, NDArray[Any]], where: str) -> Network:
    layers: list[Layer] = []
    for stem in dict.fromkeys(name.rpartition(".")[0] for name in arrays):
        found = {name: arrays[path] for name in _NORMALIZATION_ARRAYS if (path := f"{stem}.{name}".removeprefix(".")) in arrays}
        weight = found.get("weight", found.get("running_mean"))
        if weight is None:
            continue
        if weight.ndim == 2:
            layers.append(Layer(weight, found.get("bias")))
        elif weight.ndim == 1 and found.keys() == {"weight"} and weight.size == 1 and layers:
            layers[-1].activation = {"name": "prelu", "slope": float(weight[0])}
        elif weight.ndim == 1:
            kind = "batch_norm" if "running_mean" in found else "layer_norm" if "bias" in found else "rms_norm"
            settings = dict(_resolved("normalization", kind)) | {"affine": "weight" in found}
            _normalize(layers, Normalization(settings, found), stem)
        else:
            raise DeadreluError(f"{where}: {stem}.weight has {weight.ndim} dimensions: deadrelu has dense layers, whose weights "
                                "have 2")
    return _checked(layers, where)


def _from_torch_file(path: str | os.PathLike[str]) -> Network:
    try:
        import torch
    except ModuleNotFoundError:
        raise DeadreluError(f"{path}: reading it takes PyTorch: pip install torch") from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # it has no class of its own for a file that holds more than arrays
        raise DeadreluError(f"{path}: PyTorch loads no arrays from it ({str(error).strip().splitlines()[0]}); a whole module "
                            "runs code when it is loaded: save its state_dict()") from None
    while isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise DeadreluError(f"{path}: holds a {type(content).__name__}, not a state_dict")
    return from_torch({name: value for name, value in content.items() if hasattr(value, "detach")})


def _activate(layers: Sequence[Layer], activation: dict[str, Any], name: str) -> None:
    if activation["name"] == "identity":
        return
    if not layers or layers[-1].activation["name"] != "identity":
        raise DeadreluError(f"{name or 'the module'}: the activation {activation['name']} follows no dense layer")
    layers[-1].activation = activation


def _normalize(layers: Sequence[Layer], normalization: Normalization, name: str) -> None:
    """Puts it behind what the last layer has so far."""
    if not layers or layers[-1].normalization is not None:
        raise DeadreluError(f"{name}: the normalization follows no dense layer")
    if any(array.shape != (len(layers[-1].weight),) for array in normalization.arrays.values()):
        raise DeadreluError(f"{name}: normalizes something else than the {len(layers[-1].weight)} numbers of the layer before it")
    activated = layers[-1].activation["name"] != "identity"
    normalization.settings["position"] = "after_activation" if activated else "before_activation"
    layers[-1].normalization = normalization


def _checked(layers: list[Layer], where: str) -> Network:
    if not layers:
        raise DeadreluError(f"{where} has no dense layer")
    if layers[-1].normalization is not None:
        raise DeadreluError(f"{where}: the output layer has a normalization, which hidden layers of deadrelu have")
    if layers[-1].activation["name"] == "softmax":
        layers[-1].activation = {"name": "identity"}  # the cross-entropy of deadrelu has it within
    if any(layer.activation["name"] == "softmax" for layer in layers):
        raise DeadreluError(f"{where}: a hidden layer has a softmax, which deadrelu has not")
    for number, (one, next_one) in enumerate(zip(layers, layers[1:]), 1):
        if len(one.weight) != next_one.weight.shape[1]:
            raise DeadreluError(f"{where}: dense layer {number} has {len(one.weight)} outputs, and the next one takes "
                                f"{next_one.weight.shape[1]} inputs")
    return Network(layers)


@cache
def _names(key: str) -> list[str]:
    """What the program allows for a key that names one of several."""
    topics = json.loads(ask("explain", key, "--json"))
    return str(topics[0]["type"]).removeprefix("one of ").split(", ")


@cache
def _activation_names() -> dict[str, str]:
    """The program's activations by their names in small letters, as other libraries' classes have them."""
    return {_plain(name): name for name in _names("model.activation.name")} | {"linear": "identity", "swish": "silu"}


def _normalization_name(kind: str) -> str | None:
    """The program's normalization of a class that PyTorch or Keras calls so."""
    plain = _plain(kind).removesuffix("1d").removesuffix("alization")
    return next((name for name in _names("model.normalization.name") if _plain(name) == plain), None)


def _normalization(kind: str, module: Any, where: str) -> Normalization:
    """Of a module of PyTorch or a layer of Keras, with 1 and 0 where one of gains and shifts is not learned."""
    arrays = {}
    for name, others in _NORMALIZATION_ARRAYS.items():
        found = [value for value in (getattr(module, each, None) for each in (name, *others)) if hasattr(value, "shape")]
        if found:
            arrays[name] = _array(found[0])
    settings: dict[str, Any] = dict(_resolved("normalization", _normalization_name(kind)))
    if settings["name"] == "batch_norm" and "running_mean" not in arrays:
        raise DeadreluError(f"{where}: a {kind} without running statistics, which deadrelu measures with")
    given = getattr(module, "eps", getattr(module, "epsilon", None))
    settings["epsilon"] = float(np.finfo(np.float32).eps if given is None else given)
    settings["affine"] = "weight" in arrays or "bias" in arrays
    if "momentum" in settings and isinstance(module.momentum, float):
        settings["momentum"] = module.momentum if hasattr(module, "eps") else 1 - module.momentum
    if settings["affine"] and "weight" not in arrays:
        arrays["weight"] = np.ones_like(arrays["bias"])
    if settings["affine"] and "bias" not in arrays and settings["name"] != "rms_norm":
        arrays["bias"] = np.zeros_like(arrays["weight"])
    return Normalization(settings, arrays)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _recognised(kind: str, thing: Any, function: Callable[[NDArray[Any]], NDArray[Any]]) -> dict[str, Any] | None:
    """The activation that a module or function of that name is; None where it is called like none.

    Raises DeadreluError where it is called like one and computes something else.
    """
    name = _activation_names().get(_plain(kind))
    if _plain(kind) in ("softmax", "logsoftmax"):
        return {"name": "softmax"}
    if name is None or name == "identity":
        return None if name is None else {"name": name}
    activation = dict(_resolved("activation", name))
    for theirs, ours in _NUMBERS.items():
        value = getattr(thing, theirs, None)
        if value is None and inspect.isfunction(thing) and theirs in inspect.signature(thing).parameters:
            value = inspect.signature(thing).parameters[theirs].default
        if ours in activation and isinstance(value, (int, float)):
            activation[ours] = value
    x, expected = _graph(activation)
    if not np.allclose(function(x), expected, rtol=1e-4, atol=1e-5):
        raise DeadreluError(f"{kind} computes something else here than deadrelu's {json.dumps(activation)}")
    return activation


@cache
def _resolved(key: str, value: str) -> dict[str, Any]:
    """What the program makes of a model's key: activation or normalization with its numbers at their defaults."""
    config = {"data": {"kind": "xor"}, "model": {"hidden": [2]}, "train": {"steps": 1}}
    found: dict[str, Any] = json.loads(ask("config", "-", f"--set=model.{key}={value}", text=json.dumps(config)))["model"][key]
    return found


def _graph(activation: dict[str, Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Some x and what the program makes of them."""
    numbers = [f"--set=model.activation.{key}={value}" for key, value in activation.items() if key != "name"]
    rows = ask("activation", activation["name"], "--from", "-5", "--to", "5", "--points", "41", *numbers)
    table = np.loadtxt(rows.splitlines()[1:], delimiter=",", ndmin=2)
    return table[:, 0].astype(np.float32), table[:, 1]


def _as_computed(module: Any, network: Network, problem: DeadreluError | None) -> Network:
    """The network with the activations that make it compute what the module does."""
    import torch

    inputs = network.layers[0].weight.shape[1]
    x = torch.randn(64, inputs, generator=torch.Generator().manual_seed(0)) * torch.logspace(-1, 2, 64)[:, None]
    try:
        with torch.no_grad():
            expected = _array(copy.deepcopy(module).eval().float().cpu()(x)).reshape(64, -1)
    except Exception as error:  # whatever somebody's forward() raises
        raise DeadreluError(f"the module cannot be run on {inputs} inputs ({str(error).splitlines()[0]}); its state_dict has "
                            "the parameters") from None
    names = dict.fromkeys(_activation_names().values())
    known = [_resolved("activation", name) for name in names if name != "identity" and _torch_class(name) is not None]
    identity = {"name": "identity"}
    hidden = [layer.activation for layer in network.layers[:-1]]
    tried = [(hidden, network.layers[-1].activation)]
    if problem or all(activation == identity for activation in hidden):
        uniform = [[activation] * len(hidden) for activation in known] if hidden else [hidden]
        tried += [(inner, outer) for outer in [identity, *known] for inner in uniform]
    normalized = any(layer.normalization is not None for layer in network.layers)
    positions = [None, *(_names("model.normalization.position") if normalized else [])]
    for (inner, outer), position in product(tried, positions):
        layers = [replace(layer, activation=activation, normalization=_placed(layer.normalization, position))
                  for layer, activation in zip(network.layers, [*inner, outer])]
        with torch.no_grad():
            found = _array(to_torch(Network(layers)).eval().float()(x))
        if any(_close(link(found), expected) for link in (lambda y: y, _log_softmax, lambda y: np.exp(_log_softmax(y)))):
            return Network(layers)
    raise problem or DeadreluError("the module computes something else than its Linear layers one after the other with one "
                                   "activation: make it a Sequential, or give its state_dict and the activation")


def _placed(normalization: Normalization | None, position: str | None) -> Normalization | None:
    if normalization is None or position is None:
        return normalization
    return replace(normalization, settings=normalization.settings | {"position": position})


def _close(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-3, atol=1e-4)


def _log_softmax(y: NDArray[Any]) -> NDArray[Any]:
    below = y - y.max(axis=1, keepdims=True)
    logarithms: NDArray[Any] = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return logarithms


def _torch_module(kind: str, module: Any) -> dict[str, Any] | None:
    def compute(x: NDArray[Any]) -> NDArray[Any]:
        import torch

        with torch.no_grad():
            return _array(copy.deepcopy(module).eval().float()(torch.from_numpy(x)))

    activation = _recognised(kind, module, compute) if kind != "PReLU" else None
    if kind == "PReLU" and module.weight.numel() == 1:
        activation = {"name": "prelu", "slope": float(module.weight.detach())}
    return activation


def _torch_class(name: str) -> Any:
    """PyTorch's class for an activation; None where it has none."""
    import torch

    kinds = {kind.lower(): kind for kind in torch.nn.modules.activation.__all__}
    return getattr(torch.nn, kinds.get(_plain(name), ""), None)


def _torch_activation(activation: dict[str, Any]) -> torch.nn.Module:
    cls = _torch_class(activation["name"])
    if cls is None:
        raise DeadreluError(f"PyTorch has no module for the activation {activation['name']}")
    takes = inspect.signature(cls).parameters
    module: torch.nn.Module = cls(**{theirs: activation[ours] for theirs, ours in _NUMBERS.items()
                                     if theirs in takes and ours in activation})
    return module


def _torch_normalization(settings: Mapping[str, Any], units: int) -> torch.nn.Module:
    import torch

    cls = next(getattr(torch.nn, kind) for kind in dir(torch.nn) if _plain(kind).removesuffix("1d") == _plain(settings["name"]))
    takes = inspect.signature(cls).parameters
    given = {"eps": settings["epsilon"], "elementwise_affine": settings["affine"], "affine": settings["affine"],
             "momentum": settings.get("momentum")}
    module: torch.nn.Module = cls(units, **{name: value for name, value in given.items() if name in takes})
    return module


def _setting(results: Results, run: Any, path: str) -> Any:
    """What a run's config has at that path, with what the sweep put there."""
    value: Any = results.config
    for key in path.split("."):
        value = value.get(key, "identity") if isinstance(value, Mapping) else value
    for swept in results.swept:
        given = run[swept]
        if isinstance(given, str) and given.startswith(("{", "[")):
            given = json.loads(given)
        if swept == path:
            value = given
        elif swept.startswith(f"{path}."):
            value = {**(value if isinstance(value, Mapping) else {"name": value}), swept[len(path) + 1:]: given}
    return value
