#!/usr/bin/env python3
"""What PyTorch computes for tests/cli/torch_remedies_test.py, stored in torch_remedies.json beside this file.

torch_remedies.py          checks the file anew
torch_remedies.py --write  writes it

Needs torch; the test that reads the file does not. PyTorch has neither of these penalties, nor Lion, nor clipped
weights: they are written out here, from their definitions.
"""

import math
import pathlib

import torch
import torch.nn.functional as F

import stored_numbers

FILE = pathlib.Path(__file__).with_name("torch_remedies.json")
torch.set_default_dtype(torch.float64)

STEPS = 60
INPUTS = [[0.5, -1.25], [1.5, 0.25], [-0.75, -0.5], [2.0, 1.0], [-1.5, 0.75]]
TARGETS = [[1.0], [0.5], [-0.25], [2.0], [0.0]]
LAYERS = [
    {"weights": [[0.5, -0.75], [1.25, 0.25], [-0.5, 1.0]], "bias": [0.125, -0.25, 0.375]},
    {"weights": [[0.75, -1.0, 0.5], [-0.25, 0.625, 1.5]], "bias": [0.5, -0.375]},
    {"weights": [[1.5, -0.5]], "bias": [-0.125]},
]
# Keys of train and remedy.
CASES = [
    {"remedy": {"penalty": {"name": "l2_init", "strength": 0.1}}},
    {"remedy": {"penalty": {"name": "l1", "strength": 0.02}}},
    {"train": {"optimizer": {"name": "adam", "learning_rate": 0.01}},
     "remedy": {"penalty": {"name": "l2_init", "strength": 0.3}}},
    {"train": {"optimizer": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01},
               "clip_norm": 0.2},
     "remedy": {"penalty": {"name": "l2_init", "strength": 0.5}}},
    {"train": {"optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1}, "clip_value": 0.05},
     "remedy": {"penalty": {"name": "l1", "strength": 0.03}, "clip_weights": {"kappa": 1.0}}},
    {"remedy": {"clip_weights": {"kappa": 0.8}}},
    {"train": {"optimizer": {"name": "lion"}}},
    {"train": {"optimizer": {"name": "lion", "learning_rate": 0.003, "beta1": 0.7, "beta2": 0.8,
                             "weight_decay": 0.2}},
     "remedy": {"penalty": {"name": "l2_init", "strength": 0.05}}},
    {"train": {"optimizer": {"name": "adam", "learning_rate": 0.02, "beta1": 0.95, "beta2": 0.95}}},
    {"model": {"normalization": "layer_norm"}, "remedy": {"penalty": {"name": "l2_init", "strength": 0.2}}},
    {"model": {"normalization": "layer_norm"}, "train": {"optimizer": {"name": "lion", "learning_rate": 0.01}},
     "remedy": {"penalty": {"name": "l1", "strength": 0.01}, "clip_weights": {"kappa": 0.6}}},
]


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                update = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p -= group["lr"] * (update + group["weight_decay"] * p)
                m.mul_(beta2).add_((1 - beta2) * p.grad)


def optimizer(settings, parameters):
    settings = dict(settings)
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
            "lion": Lion}[settings.pop("name")]
    defaults = {"lion": (0.9, 0.99)}.get(kind.__name__.lower(), (0.9, 0.999))
    arguments = {}
    if "learning_rate" in settings:
        arguments["lr"] = settings.pop("learning_rate")
    if "beta1" in settings:
        arguments["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    elif kind is not torch.optim.SGD:
        arguments["betas"] = defaults
    return kind(parameters, **arguments, **settings)


def trained(case):
    """The loss of every step, and the parameters at the end."""
    train, remedy = case.get("train", {}), case.get("remedy", {})
    layers = [{name: torch.tensor(value, requires_grad=True) for name, value in layer.items()} for layer in LAYERS]
    normalizes = "model" in case
    for layer in layers[:-1] if normalizes else []:
        layer["norm_weight"] = torch.ones(len(layer["bias"]), requires_grad=True)
        layer["norm_bias"] = torch.zeros(len(layer["bias"]), requires_grad=True)
    parameters = [p for layer in layers for p in layer.values()]
    first = [p.detach().clone() for p in parameters]
    step = optimizer(train.get("optimizer", {"name": "sgd", "learning_rate": 0.01}), parameters)
    penalty = remedy.get("penalty", {"name": "none"})
    losses = []
    for _ in range(STEPS):
        x = torch.tensor(INPUTS)
        for i, layer in enumerate(layers):
            x = F.linear(x, layer["weights"], layer["bias"])
            if "norm_weight" in layer:
                x = F.layer_norm(x, x.shape[1:], layer["norm_weight"], layer["norm_bias"])
            x = torch.relu(x) if i + 1 < len(layers) else x
        loss = F.mse_loss(x, torch.tensor(TARGETS))
        losses.append(loss.item())
        if penalty["name"] == "l2_init":
            loss = loss + penalty["strength"] / 2 * sum(((p - q) ** 2).sum() for p, q in zip(parameters, first))
        if penalty["name"] == "l1":
            loss = loss + penalty["strength"] * sum(p.abs().sum() for p in parameters)
        step.zero_grad()
        loss.backward()
        if "clip_norm" in train:
            torch.nn.utils.clip_grad_norm_(parameters, train["clip_norm"])
        if "clip_value" in train:
            torch.nn.utils.clip_grad_value_(parameters, train["clip_value"])
        step.step()
        if "clip_weights" in remedy:
            with torch.no_grad():
                for layer in layers:
                    bound = remedy["clip_weights"]["kappa"] / math.sqrt(layer["weights"].shape[1])
                    for p in (layer["weights"], layer["bias"]):
                        p.clamp_(-bound, bound)
    return {"losses": losses, "layers": [{name: p.tolist() for name, p in layer.items()} for layer in layers]}


def compute():
    return {"inputs": INPUTS, "targets": TARGETS, "layers": LAYERS, "steps": STEPS,
            "cases": [{"config": case, **trained(case)} for case in CASES]}


if __name__ == "__main__":
    stored_numbers.main(FILE, compute, f"torch {torch.__version__}")
