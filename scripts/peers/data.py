"""What all peers train: the reference networks of `deadrelu bench`, their random examples, parameters and batches.

Members of an ensemble differ in their parameters and batches, and are the same in an ensemble of any size.
"""

import math

import numpy

EXAMPLES = 1024
STEPS = 64  # whose batches are drawn in advance; longer training repeats them
LEARNING_RATE = 0.05  # high enough that the loss moves in so few steps
CHECKED = 4  # members whose outcomes are compared

# Layer widths, batch size, and the sizes of ensembles to try.
NETWORKS = {
    "tiny": ([1] + [2] * 10 + [1], 128, [64, 256]),
    "small": ([2, 16, 16, 1], 32, [64, 256]),
    "medium": ([64, 64, 64, 64, 10], 64, [8, 32]),
    "large": ([784, 256, 256, 256, 10], 128, [2, 8]),
}


class Network:
    def __init__(self, name):
        self.name = name
        self.widths, self.batch, self.ensembles = NETWORKS[name]

    def examples(self):
        """Inputs and targets, [example][feature], uniform."""
        random = numpy.random.default_rng(0)
        return [random.uniform(-1, 1, (EXAMPLES, width)).astype(numpy.float32)
                for width in (self.widths[0], self.widths[-1])]

    def parameters(self, members):
        """A pair for each layer: weights [member][input][output] (He et al. 2015), positive biases [member][1][output].

        With biases of zero hardly any tiny network would be alive, and comparing outcomes would show little.
        """
        drawn = [list(self._layers(numpy.random.default_rng([1, member]))) for member in members]
        return [tuple(numpy.stack(values) for values in zip(*layer)) for layer in zip(*drawn)]

    def _layers(self, random):
        for below, above in zip(self.widths, self.widths[1:]):
            yield (random.normal(0, math.sqrt(2 / below), (below, above)).astype(numpy.float32),
                   random.uniform(0, 0.5, (1, above)).astype(numpy.float32))

    def batches(self, members):
        """The examples of each step, [step][member][example]: shuffled epochs, cut into batches."""
        return numpy.stack([self._shuffled(numpy.random.default_rng([2, member])) for member in members], axis=1)

    def _shuffled(self, random):
        epochs = math.ceil(STEPS * self.batch / EXAMPLES)
        order = numpy.concatenate([random.permutation(EXAMPLES) for _ in range(epochs)])
        return order[:STEPS * self.batch].reshape(STEPS, self.batch).astype(numpy.int64)

    def outcome(self, parameters):
        """What is compared: of each member the loss over all examples, then the norm of each weight matrix and bias."""
        arrays = [values.astype(numpy.float64) for pair in parameters for values in pair]
        norms = [numpy.sqrt((values**2).sum((1, 2))) for values in arrays]
        return numpy.stack([self._losses(parameters), *norms], axis=1).tolist()

    def _losses(self, parameters):
        h, targets = self.examples()
        for layer, (weights, bias) in enumerate(parameters):
            h = h @ weights.astype(numpy.float64) + bias
            if layer < len(parameters) - 1:
                h = numpy.maximum(h, 0)
        return ((h - targets) ** 2).mean((1, 2))
