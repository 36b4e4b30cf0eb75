"""`python -m deadrelu`: the program, with this Python's package; and `convert`, which needs PyTorch's or Keras's readers."""

from __future__ import annotations

import argparse
import os
import sys

from .networks import convert
from .program import DeadreluError, environment, find


def main() -> int:
    try:
        if sys.argv[1:2] == ["convert"]:
            return _convert(sys.argv[2:])
        program = find()
        os.execve(program, [program, *sys.argv[1:]], environment())
    except (DeadreluError, OSError) as error:
        print(f"deadrelu: {error}", file=sys.stderr)
        return getattr(error, "code", 4)


def _convert(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deadrelu convert",
        description="Writes the dense network of another library's file in a form that deadrelu reads (init.file, probe).")
    parser.add_argument("source", metavar="MODEL", help="PyTorch's .pt or .pth (a state_dict), Keras's .h5 or .keras, .npz "
                        "or .safetensors")
    parser.add_argument("target", metavar="FILE", help=".safetensors or .npz")
    given = parser.parse_args(arguments)
    network = convert(given.source, given.target)
    sizes = [network.layers[0].weight.shape[1], *(len(layer.weight) for layer in network.layers)]
    print(f"{given.target}: {'-'.join(map(str, sizes))}, activations "
          f"{', '.join(layer.activation['name'] for layer in network.layers)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
