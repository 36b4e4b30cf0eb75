"""scripts/bench_peers: times the same training steps in deadrelu and in whatever else is fast."""

import argparse
import json
import os
import platform
import subprocess
import sys

from . import table
from .contest import FOLDER, LINKED, ROOT, Contest, say

NETWORKS = ("tiny", "small", "medium", "large")


def main():
    arguments = parse_arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    binary, python = arguments.binary or build(), arguments.python or install()
    compile_peers()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core for all that is started from here on
    contest = Contest(arguments.networks, binary, python)
    contest.prepare()
    for number in range(0 if arguments.check else arguments.rounds):
        say(f"Round {number + 1} of {arguments.rounds}")
        contest.measure()
    contest.close()
    print(rendered(contest, arguments))
    return 1 if any("error" in row for row in contest.rows()) else 0


def rendered(contest, arguments):
    rows = contest.rows()
    libraries = ", ".join(contest.versions)
    machine = f"{contest.processor()}; {libraries}; one thread; the best of {arguments.rounds} rounds"
    if arguments.json:
        return json.dumps({"machine": machine, "rounds": arguments.rounds, "rows": rows}, indent=2, ensure_ascii=False)
    if arguments.check:
        return table.as_list(rows)
    return (table.as_markdown if arguments.markdown else table.as_text)(rows, machine)


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench_peers",
        description="Times the same training steps (forward, backward, update) in deadrelu, PyTorch, JAX and loops "
        "in C++ over Eigen, OpenBLAS, LIBXSMM or nothing, in turn on one core of this machine with one thread. Close what else is running. Exit code 1 if a peer failed or "
        "computes something else than the others.")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default: 5)")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS, metavar="NAME",
                        help=f"of {', '.join(NETWORKS)} (default: all)")
    parser.add_argument("--check", action="store_true", help="only compare what the peers compute, without timing")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything that was measured, as JSON")
    form.add_argument("--markdown", action="store_true", help="the table for scripts/README.md")
    parser.add_argument("--binary", metavar="FILE", help="a deadrelu that is already there (default: build it)")
    parser.add_argument("--python", metavar="FILE", help="a Python that has the peers (default: installs them)")
    return parser.parse_args()


def build():
    say("Building deadrelu (the first time takes a few minutes)")
    for step in (["--preset"], ["--build", "--target", "deadrelu", "--preset"]):
        subprocess.run(["cmake", *step, "release"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return ROOT / "build/release/deadrelu"


def install():
    say("The peers need about 6 GB in build/ (PyTorch brings its GPU libraries along); the first call installs them")
    done = subprocess.run([ROOT / "scripts/python_environment", "scripts/peers/requirements.txt"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def compile_peers():
    say("Compiling the loops in C++")
    wide = ["-mprefer-vector-width=512"] if platform.machine() == "x86_64" else []
    for program, libraries in LINKED.items():
        source, peer = ROOT / f"scripts/peers/{program}_peer.cpp", FOLDER / f"{program}_peer"
        subprocess.run(["g++", "-std=c++20", "-O3", "-march=native", *wide, "-ffast-math", "-DNDEBUG", "-isystem",
                        "/usr/include/eigen3", source, "-o", peer, *libraries], check=True)


if __name__ == "__main__":
    sys.exit(main())
