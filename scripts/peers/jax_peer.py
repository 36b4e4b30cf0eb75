"""JAX: jit(scan) of one network, and jit(vmap(scan)) of an ensemble."""

import jax
import numpy
from jax import numpy as jnp

from .data import LEARNING_RATE, STEPS
from .peer import Training, serve


def multiply_and_sum(x, weights):
    """What jnp.matmul computes. XLA fuses it with what is around, but calls a library for a matrix product."""
    return (x[:, :, None] * weights).sum(1)


def loss(parameters, x, y, multiply):
    for weights, bias in parameters[:-1]:
        x = jax.nn.relu(multiply(x, weights) + bias)
    weights, bias = parameters[-1]
    return jnp.mean((multiply(x, weights) + bias - y) ** 2)


class Scan(Training):
    """A call is a scan over STEPS steps, without Python in between."""

    steps_a_call = STEPS
    ensemble = False
    forms = ("matmul", "multiply and sum")

    def __init__(self, network, runs, form):
        super().__init__(network, runs, form)
        multiply = jnp.matmul if form == "matmul" else multiply_and_sum
        inputs, targets = (jnp.asarray(values) for values in network.examples())

        def step(parameters, batch):
            gradients = jax.grad(loss)(parameters, inputs[batch], targets[batch], multiply)
            return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), None

        def scan(parameters, batches):
            return jax.lax.scan(step, parameters, batches)[0]

        self.scan = jax.jit(jax.vmap(scan) if self.ensemble else scan, donate_argnums=0)

    def start(self, members):
        parameters, batches = self.network.parameters(members), self.network.batches(members)
        if not self.ensemble:
            parameters, batches = [tuple(values[0] for values in pair) for pair in parameters], batches[:, 0]
        else:
            batches = batches.swapaxes(0, 1)
        self.parameters = jax.tree.map(jnp.array, parameters)  # a copy: donated arrays must not be numpy's memory
        self.batches = jnp.asarray(batches.astype(numpy.int32))

    def train(self, calls):
        for _ in range(calls):
            self.parameters = self.scan(self.parameters, self.batches)
        jax.block_until_ready(self.parameters)

    def numbers(self):
        return [tuple(numpy.asarray(values)[None] if not self.ensemble else numpy.asarray(values) for values in pair)
                for pair in self.parameters]


class EnsembleScan(Scan):
    ensemble = True
    forms = ("matmul",)  # the other is several times slower, on tiny and on small


if __name__ == "__main__":
    serve({"JAX jit(scan)": Scan, "JAX jit(vmap(scan))": EnsembleScan}, f"JAX {jax.__version__}")
