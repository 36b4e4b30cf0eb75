#!/usr/bin/env python3
"""What PyTorch and Keras compute for tests/cli/torch_numbers_test.py, stored in torch_numbers.json beside this file.

torch_numbers.py          checks the file anew
torch_numbers.py --write  writes it

Needs torch, keras and numpy; the test that reads the file needs none of them.
"""

import math
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
import torch.nn.functional as F

import stored_numbers

FILE = pathlib.Path(__file__).with_name("torch_numbers.json")
torch.set_default_dtype(torch.float64)
torch.set_default_device("cpu")
keras.config.set_floatx("float64")

# A network 2-3-2-3 whose hidden layers differ, five examples of three classes.
INPUTS = [[0.5, -1.25], [1.5, 0.25], [-0.75, -0.5], [2.0, 1.0], [-1.5, 0.75]]
TARGETS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
HIDDEN = ["tanh", "silu"]
LAYERS = [
    {"weights": [[0.5, -0.75], [1.25, 0.25], [-0.5, 1.0]], "bias": [0.125, -0.25, 0.375]},
    {"weights": [[0.75, -1.0, 0.5], [-0.25, 0.625, 1.5]], "bias": [0.5, -0.375]},
    {"weights": [[1.5, -0.5], [-1.25, 0.75], [0.875, 1.125]], "bias": [-0.125, 0.25, 0.0625]},
]
PRELU_SLOPE = 0.25

# crelu, maxout and rrelu, whose slopes are drawn, are other tests' matter.
ACTIVATIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": F.prelu,
    "relu6": F.relu6,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": lambda z: torch.clamp(z / 6 + 0.5, 0, 1),  # F.hardsigmoid's own slope is 1/6 in float32
    "hard_tanh": F.hardtanh,
    "hard_swish": F.hardswish,
    "abs": torch.abs,
    "gaussian": lambda z: torch.exp(-z * z),
    "identity": lambda z: z,
}
LOSSES = {
    "mse": F.mse_loss,
    "half_mse": lambda y, t: F.mse_loss(y, t) / 2,
    "mae": F.l1_loss,
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
}

# One weight w from 0.01 on, loss w²/2: the optimizer as called there, and as the program's config has it.
STEPS = 5
OPTIMIZERS = [
    ("torch.optim.SGD(lr=0.001)", {"name": "sgd", "learning_rate": 0.001}),  # its default since 2.0
    ("torch.optim.SGD(lr=0.1, momentum=0.9, nesterov=True)",
     {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("torch.optim.Adam()", "adam"),
    ("torch.optim.AdamW()", {"name": "adamw", "weight_decay": 0.01}),
    ("torch.optim.RMSprop()", "rmsprop"),
    ("torch.optim.RMSprop(momentum=0.5)", {"name": "rmsprop", "momentum": 0.5}),
    ("keras.optimizers.SGD()", "sgd"),
    ("keras.optimizers.SGD(momentum=0.9, nesterov=True)", {"name": "sgd", "momentum": 0.9, "nesterov": True}),
    ("keras.optimizers.Adam()", {"name": "adam", "library": "keras"}),
    ("keras.optimizers.AdamW()", {"name": "adamw", "library": "keras", "weight_decay": 0.004}),
    ("keras.optimizers.RMSprop()", {"name": "rmsprop", "library": "keras"}),
    ("keras.optimizers.RMSprop(momentum=0.5)", {"name": "rmsprop", "library": "keras", "momentum": 0.5}),
]

# A network 2-4-4-3, trained with normalizations and a skip on eight examples in batches of four.
NORMALIZATIONS = {
    "layer_norm": lambda width, spec: torch.nn.LayerNorm(width, spec["epsilon"], spec["affine"]),
    "rms_norm": lambda width, spec: torch.nn.RMSNorm(width, spec["epsilon"], spec["affine"]),
    "batch_norm": lambda width, spec: torch.nn.BatchNorm1d(width, spec["epsilon"], spec["momentum"], spec["affine"]),
}
WIDTHS = [2, 4, 4, 3]
TRAINED_STEPS = 60
NAMES = {"weight": "norm_weight", "bias": "norm_bias", "running_mean": "running_mean", "running_var": "running_var"}


def wave(*shape, first=0):
    return torch.sin(3 * torch.arange(first, first + math.prod(shape)) + 1).reshape(shape)


class Normalized(torch.nn.Module):
    """Linear, normalization, silu, or Linear, silu, normalization; a skip around the second hidden layer."""

    def __init__(self, spec, skip):
        super().__init__()
        self.after, self.skip = spec["position"] == "after_activation", skip
        self.dense = torch.nn.ModuleList(torch.nn.Linear(*sides) for sides in zip(WIDTHS, WIDTHS[1:]))
        self.norms = torch.nn.ModuleList(NORMALIZATIONS[spec["name"]](width, spec) for width in WIDTHS[1:-1])
        with torch.no_grad():
            for i, layer in enumerate(self.dense):
                layer.weight.copy_(wave(*layer.weight.shape, first=10 * i))
                layer.bias.copy_(wave(len(layer.bias), first=5 * i) / 4)

    def forward(self, x):
        for i, (dense, norm) in enumerate(zip(self.dense, self.norms)):
            y = norm(F.silu(dense(x))) if self.after else F.silu(norm(dense(x)))
            x = x + y if self.skip and i == 1 else y
        return self.dense[-1](x)

    def layers(self):
        layers = [{"weights": layer.weight.tolist(), "bias": layer.bias.tolist()} for layer in self.dense]
        for layer, norm in zip(layers, self.norms):
            layer.update({NAMES[name]: value.tolist() for name, value in norm.state_dict().items() if name in NAMES})
        return layers


def normalized():
    cases = []
    inputs, targets = wave(8, 2, first=100), wave(8, 3, first=200)
    for name in NORMALIZATIONS:
        for position in ["before_activation", "after_activation"]:
            for skip in [False, True]:
                spec = {"name": name, "position": position, "epsilon": 1e-3, "affine": not skip}
                if name == "batch_norm":
                    spec["momentum"] = 0.2
                network = Normalized(spec, skip)
                start = network.layers()
                optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
                for step in range(TRAINED_STEPS):
                    batch = slice(0, 4) if step % 2 == 0 else slice(4, 8)
                    optimizer.zero_grad()
                    F.mse_loss(network(inputs[batch]), targets[batch]).backward()
                    optimizer.step()
                network.eval()
                loss = F.mse_loss(network(inputs), targets).item()
                cases.append({"normalization": spec, "skip": skip, "start": start, "loss": loss,
                              "layers": network.layers()})
    return {"inputs": inputs.tolist(), "targets": targets.tolist(), "hidden": WIDTHS[1:-1], "steps": TRAINED_STEPS,
            "cases": cases}


def after_one_step(activation, loss):
    """The loss, and the parameters after a step of gradient descent with learning rate 1."""
    tensors = [{name: torch.tensor(value, requires_grad=True) for name, value in layer.items()} for layer in LAYERS]
    if activation == "prelu":
        tensors[-1]["slope"] = torch.tensor([PRELU_SLOPE], requires_grad=True)
    x = torch.tensor(INPUTS)
    for layer, name in zip(tensors, [*HIDDEN, activation]):
        z = F.linear(x, layer["weights"], layer["bias"])
        x = ACTIVATIONS[name](z, layer["slope"]) if "slope" in layer else ACTIVATIONS[name](z)
    value = LOSSES[loss](x, torch.tensor(TARGETS, dtype=torch.float64))
    value.backward()
    layers = [{name: (t.detach() - t.grad).tolist() for name, t in layer.items()} for layer in tensors]
    if activation == "prelu":
        layers[-1]["slope"] = layers[-1]["slope"][0]
    return {"loss": value.item(), "layers": layers}


def optimized(call):
    name, arguments = call.split("(", 1)
    arguments = eval(f"dict({arguments}")  # noqa: S307 - of the table above
    name = name.rsplit(".", 1)[-1]
    if call.startswith("torch"):
        w = torch.tensor(0.01, requires_grad=True)
        optimizer = getattr(torch.optim, name)([w], **arguments)
        for _ in range(STEPS):
            optimizer.zero_grad()
            (w * w / 2).backward()
            optimizer.step()
        return w.item()
    w = keras.Variable(0.01, dtype="float64")
    optimizer = getattr(keras.optimizers, name)(**arguments)
    for _ in range(STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(w) * 1.0], [w])
    return float(w.numpy())


def compute():
    return {
        "inputs": INPUTS,
        "targets": TARGETS,
        "hidden": HIDDEN,
        "layers": LAYERS,
        "outputs": {a: {loss: after_one_step(a, loss) for loss in LOSSES} for a in ACTIVATIONS},
        "normalized": normalized(),
        "steps": STEPS,
        "optimizers": [{"call": call, "config": config, "weight": optimized(call)} for call, config in OPTIMIZERS],
    }


if __name__ == "__main__":
    stored_numbers.main(FILE, compute, f"torch {torch.__version__} and keras {keras.__version__}")
