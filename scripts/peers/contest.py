"""The peers side by side: starts them, compares what they compute, and measures everybody in turn."""

import itertools
import json
import os
import pathlib
import platform
import subprocess
import sys

from . import table
from .process import PeerProcess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/peers"
PEERS = {  # by program: libraries first, then one of our own
    "torch": ("PyTorch eager", "PyTorch compiled", "PyTorch baddbmm", "PyTorch compiled vmap(grad)"),
    "jax": ("JAX jit(scan)", "JAX jit(vmap(scan))"),
    "eigen": ("Eigen",),
    "openblas": ("OpenBLAS",),
    "libxsmm": ("LIBXSMM",),
    "loops": ("C++ loops",),
}
ONLY = {"loops": ("tiny", "small")}  # programs that do not train every network
LINKED = {"eigen": [], "openblas": ["-lopenblas"], "libxsmm": ["-lxsmm", "-lxsmmnoblas", "-ldl"], "loops": []}  # in C++
TOLERANCE = 1e-4  # in parts of a number: float32 against float64 after data.STEPS steps


def say(text):
    print(text, file=sys.stderr, flush=True)


def environment():
    """One thread for everybody, no GPU, and compiled code beside the other files."""
    return {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "scripts"),
        "TORCHINDUCTOR_CACHE_DIR": str(FOLDER / "inductor"),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }


def peers_of(network):
    """Those that train it: program and names."""
    return [(program, names) for program, names in PEERS.items() if network in ONLY.get(program, [network])]


class Contest:
    """The peers' processes, what they computed, and all times so far."""

    def __init__(self, networks, binary, python):
        self.networks, self.binary, self.python = networks, binary, python
        self.processes = {}  # (program, network)
        self.times = {name: {} for name in (table.MANY, table.ONE, *itertools.chain(*PEERS.values()))}
        self.versions = {}  # in the order of the peers
        self.simd = None

    def prepare(self):
        for network in self.networks:
            say(f"Preparing {network}: ensembles of several sizes are tried, and what they compute is compared")
            expected = self._reference(network)
            for program, names in peers_of(network):
                self._prepare(program, names, network, expected)

    def _reference(self, network):
        command = [self.python, "-B", "-m", "peers.reference", network, FOLDER / f"{network}.examples"]
        done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
        outcomes = json.loads(done.stdout)
        for before, after in zip(outcomes["before"], outcomes["after"]):
            if not after[0] < 0.99 * before[0]:
                sys.exit(f"bench_peers: {network}: the steps hardly change the loss, so comparing it shows nothing")
        return outcomes["after"]

    def _prepare(self, program, names, network, expected):
        command = [self.python, "-B", "-m", f"peers.{program}_peer", network]
        if program in LINKED:
            command = [FOLDER / f"{program}_peer", FOLDER / f"{network}.examples"]
        process = self.processes[program, network] = PeerProcess(command, environment())
        said, version = process.prepare(names)
        if version:
            self.versions[version] = True
        for name in names:
            found = said[name]
            error = found.get("error") or difference(found["outcomes"], expected)
            new = {"runs": found["runs"], "form": found["form"], "seconds": []} if not error else {"error": error}
            self.times[name][network] = new

    def measure(self):
        self._measure_deadrelu()
        for network in self.networks:
            for program, names in peers_of(network):
                for name in names:
                    self._measure(name, network, self.processes[program, network])

    def _measure(self, name, network, process):
        found = self.times[name][network]
        if "error" in found:
            return
        answer = process.seconds(name)
        if "error" in answer:
            self.times[name][network] = answer
        else:
            found["seconds"].append(answer["seconds"])

    def _measure_deadrelu(self):
        command = [self.binary, "bench", "--steps", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        bench = json.loads(done.stdout)
        self.simd = bench["simd"]
        for network in self.networks:
            rows = {row["engine"]: row for row in bench["networks"] if row["name"] == network and row["threads"] == 1}
            self._add(table.ONE, rows["wide"])
            self._add(table.MANY, rows["lanes"] if rows["lanes"]["chosen"] else rows["wide"])  # as --engine auto does

    def _add(self, trainer, row):
        new = {"runs": row["runs"], "form": row["engine"], "seconds": []}
        self.times[trainer].setdefault(row["name"], new)["seconds"].append(row["seconds_per_step"])

    def close(self):
        for process in self.processes.values():
            process.close()

    def rows(self):
        return table.summary(self.times)

    def processor(self):
        name = platform.machine()
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    name = line.split(":", 1)[1].strip()
        return f"{name}, {self.simd}"


def difference(outcomes, expected):
    """A sentence about the first number that is another one, or None."""
    for member, (found, wanted) in enumerate(zip(outcomes, expected, strict=True)):
        for place, (a, b) in enumerate(zip(found, wanted, strict=True)):
            if not abs(a - b) <= TOLERANCE * (abs(b) + 0.01):
                what = "loss" if place == 0 else f"norm of parameters {place}"
                return f"computes something else: network {member} ends with {what} {a:.6g}, not {b:.6g}"
    return None
