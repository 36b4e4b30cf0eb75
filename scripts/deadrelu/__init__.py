"""deadrelu from Python: train sweeps of small networks, and see in pandas frames and charts which of their units die.

    import deadrelu

    results = deadrelu.run("configs/quickstart.json", set={"sweep.seeds": 20})
    results.runs.groupby("init.bias")["dead_fraction"].mean()
    results.plot.dead_fraction()

The work is done by the program `deadrelu`, which the package brings along; `deadrelu explain` in a shell says what every
key of a config and every column of a table means.
"""

from __future__ import annotations

from .networks import Layer, Network, from_keras, from_torch, probe, to_torch
from .program import DeadreluError
from .results import Results
from .running import run

__all__ = ["DeadreluError", "Layer", "Network", "Results", "from_keras", "from_torch", "probe", "run", "to_torch"]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from .program import version

        return version()
    raise AttributeError(f"module 'deadrelu' has no attribute {name!r}")
