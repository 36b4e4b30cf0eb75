#!/usr/bin/env python3
"""Saves networks of PyTorch, and what PyTorch computes of them, for tests/cli/probe_test.py.

    make.py                   writes the files of this folder
    make.py --check PROGRAM   computes everything anew and compares; trains with PROGRAM, exports, and compares the
                              outputs of the exported networks in PyTorch

Needs torch, safetensors and numpy; the tests themselves do not.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

FOLDER = pathlib.Path(__file__).parent
LEARNING_RATE = 0.01  # of probe, for update_ratio
WIDE, EXAMPLES = 6, 60


def sequential(widths, activation):
    modules = []
    for inputs, outputs in zip(widths, widths[1:]):
        modules += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*modules[:-1])


class Named(nn.Module):
    """Layers whose names do not sort in their order."""

    def __init__(self):
        super().__init__()
        self.start, self.middle, self.end = nn.Linear(WIDE, 9), nn.Linear(9, 7), nn.Linear(7, 2)

    def layers(self):
        return [(self.start, nn.ReLU()), (self.middle, nn.ReLU()), (self.end, None)]


# name: network, type of the file, what probe is told, the target
NETWORKS = {
    "relu_float32": (lambda: sequential([WIDE, 16, 12, 3], nn.ReLU), torch.float32, "relu", "regression"),
    "relu_float64": (lambda: sequential([WIDE, 16, 12, 3], nn.ReLU), torch.float64, "relu", "classes"),
    "tanh_float16": (lambda: sequential([WIDE, 16, 12, 3], nn.Tanh), torch.float16, "tanh", "classes"),
    "elu_bfloat16": (lambda: sequential([WIDE, 16, 12, 1], nn.ELU), torch.bfloat16, "elu", "one"),
    "leaky_relu_float16": (lambda: sequential([WIDE, 8, 3], lambda: nn.LeakyReLU(0.2)), torch.float16,
                           '{"name": "leaky_relu", "slope": 0.2}', "regression"),
    "prelu_float64": (lambda: sequential([WIDE, 8, 8, 3], nn.PReLU), torch.float64, "", "regression"),
    "sigmoid_float32": (lambda: sequential([WIDE, 10, 3], nn.Sigmoid), torch.float32, "sigmoid", "classes"),
    "gelu_bfloat16": (lambda: sequential([WIDE, 10, 10, 3], nn.GELU), torch.bfloat16, "gelu", "none"),
    "deep_float32": (lambda: sequential([WIDE] + [4] * 11 + [3], nn.ReLU), torch.float32, "relu", "regression"),
    "named_float32": (Named, torch.float32, "relu", "two"),
}


def arrays():
    random = np.random.default_rng(7)
    return {
        "inputs": random.normal(size=(EXAMPLES, 3, 2)).astype(np.float32),
        "regression": random.normal(size=(EXAMPLES, 3)),
        "two": random.normal(size=(EXAMPLES, 2)),
        "one": random.normal(size=EXAMPLES),
        "classes": random.integers(0, 3, EXAMPLES),
    }


def make(number, build, kind):
    """A network with units that are dead, saturated, or of no consequence."""
    torch.manual_seed(number)
    network = build()
    with torch.no_grad():
        for index, (dense, activation) in enumerate(layers_of(network)[:-1]):
            # Further out, PyTorch's 1 - tanh², 1 - sigmoid and 1 + erf have no digits left.
            dense.bias[0] = -3 if isinstance(activation, (nn.Tanh, nn.GELU)) else -50
            dense.bias[1] = 2 if isinstance(activation, (nn.Tanh, nn.GELU, nn.Sigmoid)) else 40
            layers_of(network)[index + 1][0].weight[:, 2] = 0
    return network.to(kind)


def layers_of(network):
    if isinstance(network, Named):
        return network.layers()
    modules = list(network)
    return list(zip(modules[::2], modules[1::2] + [None]))


def norm(*tensors):
    return float(torch.sqrt(sum((t.detach() ** 2).sum() for t in tensors)))


def share(flags):
    return float(flags.double().mean())


def effective_rank(activations):
    singular = torch.linalg.svdvals(activations)
    if singular.sum() == 0:
        return 0.0
    p = singular / singular.sum()
    p = p[p > 0]
    return float(torch.exp(-(p * torch.log(p)).sum()))


def loss_of(outputs, target, kind):
    if kind == "classes":
        return nn.functional.cross_entropy(outputs, target)
    return nn.functional.mse_loss(outputs, target.reshape(outputs.shape))


def measure(network, inputs, target, kind):
    """The rows of metrics, layers and units, by the definitions of the columns, in float64."""
    network = network.double()
    x = torch.from_numpy(inputs).double().reshape(len(inputs), -1)
    layers, hidden = layers_of(network), []
    for dense, activation in layers:
        z = dense(x)
        x = z if activation is None else activation(z)
        if activation is not None:
            hidden.append((z, x, activation))
    loss = None if kind == "none" else loss_of(x, target, kind)
    if loss is not None:
        network.zero_grad()
        loss.backward()
    layer_rows, unit_rows, dead_units = [], [], 0
    for index, (dense, activation) in enumerate(layers):
        row = {"step": 0, "layer": index + 1, "units": dense.out_features, "weight_norm": norm(dense.weight),
               "bias_mean": float(dense.bias.detach().mean())}
        parameters = [dense.weight, dense.bias] + (list(activation.parameters()) if activation else [])
        if loss is not None:
            gradients = [p.grad for p in parameters]
            row.update(grad_norm=norm(*gradients), grad_norm_weights=norm(dense.weight.grad),
                       grad_norm_bias=norm(dense.bias.grad),
                       grad_rms=norm(*gradients) / sum(p.numel() for p in parameters) ** 0.5,
                       update_ratio=LEARNING_RATE * norm(dense.weight.grad) / norm(dense.weight))
        if activation is not None:
            z, a, _ = hidden[index]
            leaf = z.detach().requires_grad_()
            slope = torch.autograd.grad(activation(leaf).sum(), leaf)[0].abs()
            z, a = z.detach(), a.detach()
            size = a.abs().mean(0)
            score = size / size.mean() if size.sum() > 0 else torch.zeros_like(size)
            flags = {
                "dead": (a == 0).all(0), "never_active": (z <= 0).all(0),
                "rarely_active": (z > 0).double().mean(0) < 0.01, "dormant": score <= 0.025,
                "saturated": (slope < 1e-7).all(0), "always_active": (z > 0).all(0),
            }
            if loss is not None:
                flags["zero_gradient"] = (dense.weight.grad == 0).all(1) & (dense.bias.grad == 0)
            row.update({name + "_fraction": share(flag) for name, flag in flags.items()})
            dead_units += int(flags["dead"].sum())
            row.update(
                dead_input_fraction=share(~(z > 0).any(1)), sparsity=share(a == 0), died=0, revived=0, resets=0,
                saturated_pairs_fraction=share(slope < 1e-7),
                activation_mean=float(a.mean()), activation_std=float(a.std(correction=0)),
                preactivation_mean=float(z.mean()), preactivation_std=float(z.std(correction=0)),
                preactivation_max_min=float(z.max(0).values.min()), effective_rank=effective_rank(a),
            )
            for u in range(dense.out_features):
                unit = {name: int(flag[u]) for name, flag in flags.items()}
                unit.update(
                    step=0, layer=index + 1, unit=u + 1, active_fraction=share(z[:, u] > 0), dormant_score=float(score[u]),
                    activation_mean=float(a[:, u].mean()), preactivation_mean=float(z[:, u].mean()),
                    preactivation_max=float(z[:, u].max()), weight_norm=norm(dense.weight[u]), bias=float(dense.bias.detach()[u]),
                )
                if loss is not None:
                    unit["grad_norm"] = norm(dense.weight.grad[u], dense.bias.grad[u])
                unit_rows.append(unit)
        layer_rows.append(row)
    metrics = {"step": 0, "weight_norm": norm(*(dense.weight for dense, _ in layers)),
               "dead_fraction": dead_units / len(unit_rows), "epoch": 0.0, "learning_rate": LEARNING_RATE,
               "output_std": float(x.detach().var(0, correction=0).mean().sqrt()),
               "output_min": float(x.detach().min()), "output_max": float(x.detach().max())}
    if loss is not None:
        metrics.update(batch_loss=float(loss.detach()), train_loss=float(loss.detach()),
                       grad_norm=norm(*(p.grad for p in network.parameters())),
                       zero_gradient_entries=share(torch.cat([p.grad.flatten() for p in network.parameters()]) == 0))
        if kind == "classes":
            metrics["train_accuracy"] = share(x.argmax(1) == target)
    return {"metrics": [metrics], "layers": layer_rows, "units": unit_rows}


def expectation(network, kind, activation):
    data = arrays()
    target = None if kind == "none" else torch.from_numpy(data[kind])
    return {"activation": activation, "targets": kind, **measure(network, data["inputs"], target, kind)}


def write():
    for name, array in arrays().items():
        np.save(FOLDER / f"{name}.npy", array)
    expected = {}
    for number, (name, (build, kind, activation, target)) in enumerate(NETWORKS.items()):
        network = make(number, build, kind)
        save_file(network.state_dict(), FOLDER / f"{name}.safetensors")
        expected[name] = expectation(network, target, activation)
    np.savez(FOLDER / "relu_float32.npz",
             **{k: v.numpy() for k, v in load_file(FOLDER / "relu_float32.safetensors").items()})
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in expected.items())
    (FOLDER / "expected.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def near(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(near(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(near, a, b))
    return a == b if not isinstance(a, float) else abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-3)


def check_files():
    """The networks as they are in the files give what expected.json says, with the PyTorch that is here."""
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    wrong = []
    for name, (build, kind, activation, target) in NETWORKS.items():
        network = build().to(kind)
        network.load_state_dict(load_file(FOLDER / f"{name}.safetensors"))
        if not near(expected[name], expectation(network, target, activation)):
            wrong.append(f"{name}: PyTorch now computes something else")
    for name, array in arrays().items():
        if not np.array_equal(np.load(FOLDER / f"{name}.npy"), array):
            wrong.append(f"{name}.npy: another array")
    return wrong


def check_exports(program):
    """Trains, exports, loads into a torch.nn.Sequential: the loss is the one that the run recorded."""
    wrong = []
    modules = {"relu": nn.ReLU, "prelu": nn.PReLU, "tanh": nn.Tanh}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = arrays()
        for name in ("inputs", "regression"):
            np.save(folder / f"{name}.npy", data[name])
        (folder / "small.json").write_text(json.dumps({
            "data": {"kind": "npy", "inputs": "inputs.npy", "targets": "regression.npy"},
            "model": {"hidden": [8, 5]}, "train": {"steps": 200, "optimizer": {"name": "sgd", "learning_rate": 0.1}},
            "record": {"parameters": ["initial", "final"], "every": 200},
            "sweep": {"grid": {"model.activation": list(modules), "train.precision": ["float32", "float64"],
                               "model.bias": [True, False]}},
        }), encoding="utf-8")

        def call(*arguments):
            return subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout

        call("run", "small.json", "--out", "out", "--progress", "none")
        runs = {row["run_id"]: row for row in csv.DictReader(open(folder / "out/runs.csv", encoding="utf-8"))}
        for form in ("safetensors", "npz"):
            files = json.loads(call("export", "out", "--parameters", form, "--json"))
            if len(files) != 2 * len(runs):
                wrong.append(f"{len(files)} files of {len(runs)} runs")
            for file in files:
                run = runs[file["run_id"]]
                kind = getattr(torch, run["train.precision"])
                activation = run["model.activation"]
                if activation.startswith("{"):
                    activation = json.loads(activation)["name"]
                network = sequential([WIDE, 8, 5, 3], modules[activation]).to(kind)  # else loading would round
                if run["model.bias"] == "false":
                    network[0].bias = network[2].bias = None
                path = folder / "out" / file["name"]
                state = load_file(path) if form == "safetensors" else {
                    k: torch.from_numpy(v) for k, v in np.load(path).items()}
                if any(v.dtype != kind for v in state.values()):
                    wrong.append(f"{path.name}: not {kind}")
                network.load_state_dict(state)
                x = torch.from_numpy(data["inputs"]).double().reshape(EXAMPLES, -1)
                with torch.no_grad():
                    loss = float(nn.functional.mse_loss(network.double()(x), torch.from_numpy(data["regression"])))
                recorded = float(run["train_loss_initial" if file["step"] == 0 else "train_loss"])
                if abs(loss - recorded) > (1e-6 if kind == torch.float32 else 1e-13) * recorded:
                    wrong.append(f"{path.name}: loss {loss} in PyTorch, {recorded} recorded")
    return wrong


def main():
    if "--check" not in sys.argv:
        return write()
    wrong = check_files() + check_exports(str(pathlib.Path(sys.argv[sys.argv.index("--check") + 1]).resolve()))
    print("\n".join(wrong) or "all networks are as PyTorch has them")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
