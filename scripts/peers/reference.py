"""The steps once more, written out in NumPy and float64, to compare every peer's outcome with: reference.py NAME FILE

Prints the members' outcomes before and after training, and writes the same examples, parameters and batches to FILE for
the peer in C++.
"""

import json
import sys

import numpy

from .data import CHECKED, EXAMPLES, LEARNING_RATE, STEPS, Network


def train(parameters, x, y):
    """One step of one member; `parameters` is a list of [weights, bias] and changes."""
    outputs = [x]
    for layer, (weights, bias) in enumerate(parameters):
        z = outputs[-1] @ weights + bias
        outputs.append(numpy.maximum(z, 0) if layer < len(parameters) - 1 else z)
    delta = 2 * (outputs[-1] - y) / y.size
    for layer in reversed(range(len(parameters))):
        weights, bias = parameters[layer]
        below = outputs[layer]
        passed = (delta @ weights.T) * (below > 0)
        parameters[layer] = [weights - LEARNING_RATE * below.T @ delta, bias - LEARNING_RATE * delta.sum(0)]
        delta = passed


def trained(network, member):
    inputs, targets = (values.astype(numpy.float64) for values in network.examples())
    parameters = [[values[0].astype(numpy.float64) for values in pair] for pair in network.parameters([member])]
    for (batch,) in network.batches([member]):
        train(parameters, inputs[batch], targets[batch])
    return [tuple(values[None] for values in pair) for pair in parameters]


def write(network, path):
    """The numbers as they lie in memory; eigen_peer.cpp reads them in the same order."""
    members = range(CHECKED)
    sizes = [EXAMPLES, STEPS, CHECKED, network.batch, len(network.widths), *network.widths]
    with open(path, "wb") as file:
        numpy.array(sizes, numpy.int32).tofile(file)
        numpy.array([LEARNING_RATE], numpy.float32).tofile(file)
        for values in network.examples():
            values.tofile(file)
        for member in members:
            for pair in network.parameters([member]):
                for values in pair:
                    values.tofile(file)
        for member in members:
            network.batches([member]).astype(numpy.int32).tofile(file)


def main():
    network = Network(sys.argv[1])
    write(network, sys.argv[2])
    before = network.outcome(network.parameters(range(CHECKED)))
    after = [network.outcome(trained(network, member))[0] for member in range(CHECKED)]
    print(json.dumps({"before": before, "after": after}))


if __name__ == "__main__":
    main()
