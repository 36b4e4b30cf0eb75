"""The frame of the peers in Python: prepares each kind of training once, then measures it as often as it is asked.

A peer is a process that prints a line of JSON for each kind: its form, the size of its ensemble and the outcome of the
first members' training, or what failed; then its library's version. For every kind whose name it then reads it prints
seconds.
"""

import gc
import itertools
import json
import sys
import time

from .data import CHECKED, STEPS, Network

TRIALS = 40  # so short that some are undisturbed on a machine that others use, too
TRIAL_SECONDS = 0.005


class Training:
    """One kind of training of one network, or of `runs` side by side.

    Subclasses have `start(members)`, which sets parameters and batches, `train(calls)`, `numbers()`, the parameters as
    arrays like those of Network.parameters, and, where a call makes several steps, `steps_a_call`.
    """

    steps_a_call = 1
    ensemble = True
    forms = ("matmul",)  # to write the products of a layer: the fastest is measured

    @classmethod
    def sizes(cls, network):
        """Of ensembles: the fastest is measured."""
        return network.ensembles if cls.ensemble else [1]

    def __init__(self, network, runs, form):
        self.network, self.runs, self.form = network, runs, form

    def outcomes(self):
        """Of the first members, each trained for STEPS steps."""
        outcomes = []
        while len(outcomes) < CHECKED:
            self.start(range(len(outcomes), len(outcomes) + self.runs))
            self.train(STEPS // self.steps_a_call)
            outcomes += self.network.outcome(self.numbers())
        return outcomes[:CHECKED]

    def seconds(self):
        """Of a step of one network: the best of several trials."""
        self.start(range(self.runs))
        calls, trials = 1, [self._trial(1)]
        while trials[-1] < TRIAL_SECONDS / 2:
            calls *= 2
            trials = [self._trial(calls)]
        while len(trials) < TRIALS and sum(trials) < 2 * TRIALS * TRIAL_SECONDS:
            trials.append(self._trial(calls))
        return min(trials) / (calls * self.steps_a_call * self.runs)

    def _trial(self, calls):
        start = time.perf_counter()
        self.train(calls)
        return time.perf_counter() - start


def prepared(kind, network):
    """The fastest training, and its outcomes, of those with each form and size of ensemble."""
    best = None
    for runs, form in itertools.product(kind.sizes(network), forms(kind, network)):
        training = kind(network, runs, form)
        outcomes = training.outcomes()
        seconds = training.seconds()
        if best is None or seconds < best[0]:
            best = seconds, training, outcomes
        gc.collect()
    return best[1], best[2]


def forms(kind, network):
    """Those that may be the fastest: multiplying elementwise and summing is hopeless for wide layers."""
    return kind.forms if max(network.widths) <= 16 else kind.forms[:1]


def serve(kinds, version):
    """kinds: name to subclass of Training; the network is named on the command line."""
    network = Network(sys.argv[1])
    ready = {}
    for name, kind in kinds.items():
        try:
            ready[name], outcomes = prepared(kind, network)
            answer({"peer": name, "form": ready[name].form, "runs": ready[name].runs, "outcomes": outcomes})
        except Exception as error:  # whatever it is, the table names it
            answer({"peer": name, "error": f"{type(error).__name__}: {error}".splitlines()[0]})
    answer({"version": version})
    for line in sys.stdin:
        answer({"seconds": ready[line.strip()].seconds()})


def answer(values):
    print(json.dumps(values), flush=True)
