"""PyTorch: eager, compiled, an ensemble by baddbmm, and an ensemble by a compiled vmap(grad)."""

import torch

from .data import LEARNING_RATE, STEPS
from .peer import Training, serve


def multiply_and_sum(bias, h, weights):
    """What torch.addmm computes. Inductor fuses it with what is around, but calls a library for a matrix product."""
    return (h.unsqueeze(-1) * weights).sum(-2) + bias


def forward(h, flat, multiply):
    """flat: weights and bias of the first layer, of the second, ..."""
    for layer in range(0, len(flat) - 2, 2):
        h = torch.relu(multiply(flat[layer + 1], h, flat[layer]))
    return multiply(flat[-1], h, flat[-2])


class TorchTraining(Training):
    def __init__(self, network, runs, form):
        super().__init__(network, runs, form)
        self.inputs, self.targets = (torch.from_numpy(values) for values in network.examples())

    def start(self, members):
        self.flat = [torch.from_numpy(values if self.ensemble else values[0])
                     for pair in self.network.parameters(members) for values in pair]
        batches = torch.from_numpy(self.network.batches(members))
        self.batches = list(batches if self.ensemble else batches[:, 0])
        self.step = 0

    def next_batch(self):
        batch = self.batches[self.step % STEPS]
        self.step += 1
        return batch

    def numbers(self):
        arrays = [values.detach().numpy() for values in self.flat]
        if not self.ensemble:
            arrays = [values[None] for values in arrays]
        return list(zip(arrays[::2], arrays[1::2]))


class Eager(TorchTraining):
    """Autograd and one multi-tensor update, which is faster than torch.optim.SGD and than .backward()."""

    ensemble = False

    def start(self, members):
        super().start(members)
        for values in self.flat:
            values.requires_grad_()

    def loss(self, batch):
        return torch.nn.functional.mse_loss(forward(self.inputs[batch], self.flat, torch.addmm), self.targets[batch])

    def train(self, calls):
        for _ in range(calls):
            gradients = torch.autograd.grad(self.loss(self.next_batch()), self.flat)
            with torch.no_grad():
                torch._foreach_add_(self.flat, gradients, alpha=-LEARNING_RATE)


class Baddbmm(Eager):
    ensemble = True

    def loss(self, batch):
        output = forward(self.inputs[batch], self.flat, torch.baddbmm)
        return (output - self.targets[batch]).square().mean((1, 2)).sum()


class Compiled(TorchTraining):
    """A whole step, compiled by Inductor to C++ without wrappers in Python around the parts."""

    ensemble = False
    forms = ("matmul", "multiply and sum")

    def __init__(self, network, runs, form):
        super().__init__(network, runs, form)
        self.multiply = torch.addmm if form == "matmul" else multiply_and_sum
        torch.compiler.reset()
        gradient = torch.func.grad(self.loss)
        if self.ensemble:
            gradient = torch.func.vmap(gradient)

        def step(flat, inputs, targets, batch):
            gradients = gradient(flat, inputs[batch], targets[batch])
            return [values - LEARNING_RATE * change for values, change in zip(flat, gradients)]

        self.compiled = torch.compile(step, fullgraph=True, dynamic=False)

    def loss(self, flat, x, y):
        return torch.nn.functional.mse_loss(forward(x, flat, self.multiply), y)

    def train(self, calls):
        with torch.no_grad():
            for _ in range(calls):
                self.flat = self.compiled(self.flat, self.inputs, self.targets, self.next_batch())


class CompiledEnsemble(Compiled):
    ensemble = True

    @classmethod
    def sizes(cls, network):
        """Only the largest, which is the fastest or close to it: each takes long to compile."""
        return network.ensembles[-1:]


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve({"PyTorch eager": Eager, "PyTorch compiled": Compiled, "PyTorch baddbmm": Baddbmm,
           "PyTorch compiled vmap(grad)": CompiledEnsemble}, f"PyTorch {torch.__version__}")
