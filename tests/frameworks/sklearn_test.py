"""The experiment sklearn-example against scikit-learn: the same data, and the same training from the same parameters."""

import json
import pathlib
import re
import tempfile
import unittest
import warnings

import deadrelu
import numpy as np
import tutorial_data
from sklearn.neural_network import MLPClassifier

FOLDER = tutorial_data.EXPERIMENTS / "sklearn-example"
CONFIG = json.loads(re.sub(r"^\s*//.*$", "", (FOLDER / "config.json").read_text(encoding="utf-8"), flags=re.MULTILINE))
SWEEP = CONFIG.pop("sweep")
ENTRIES = [{**dict(zip(SWEEP["zip"], values)), "train.optimizer": optimizer}
           for values in zip(*SWEEP["zip"].values()) for optimizer in SWEEP["grid"]["train.optimizer"]]
PENALTY = 1e-4  # scikit-learn's alpha


def classifier(entry, examples, **more):
    """The classifier that an entry of the sweep describes."""
    optimizer = entry["train.optimizer"]
    names = {"name": "solver", "learning_rate": "learning_rate_init", "momentum": "momentum", "nesterov": "nesterovs_momentum"}
    options = {"momentum": 0, "nesterovs_momentum": False,
               **{names[key]: value for key, value in optimizer.items() if key in names}}
    return MLPClassifier(**{"max_iter": 400, "alpha": optimizer.get("weight_decay", 0) * examples, "random_state": 0,
                            **options, **more})


def arrays(entry):
    rows = np.loadtxt(FOLDER / entry["data.path"], delimiter=",", skiprows=1)
    return rows[:, :-1], rows[:, -1].astype(int)


class ScikitLearn(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")  # not all of them converge

    def trained(self, entry, coefficients, intercepts):
        """metrics of the entry's run, in float64, from these parameters."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            np.savez(folder / "initial.npz", **{f"layer{i}.{name}": array for i, pair in enumerate(zip(coefficients, intercepts))
                                                for name, array in zip(("weight", "bias"), pair)})
            changes = {**entry, "data.path": str(FOLDER / entry["data.path"]), "init.file": str(folder / "initial.npz"),
                       "init.layout": "keras", "train.precision": "float64"}
            return deadrelu.run({**CONFIG, "sweep": {"list": [changes]}}, out=folder / "out", progress=False).metrics

    def test_the_data_files_are_what_it_makes(self):
        self.assertEqual(tutorial_data.differing(), [])

    def compare(self, entry, tolerance):
        """Every loss and, where it stops, the dead units of its classifier; returns after how many iterations that is."""
        inputs, labels = arrays(entry)
        start = classifier(entry, len(labels), learning_rate_init=1e-300, max_iter=1).fit(inputs, labels)
        theirs = classifier(entry, len(labels)).fit(inputs, labels)
        ours = self.trained(entry, start.coefs_, start.intercepts_)
        losses = ours["train_loss"] + theirs.alpha / (2 * len(labels)) * ours["weight_norm"] ** 2
        np.testing.assert_allclose(losses[:theirs.n_iter_], theirs.loss_curve_, rtol=tolerance)
        active = inputs @ theirs.coefs_[0] + theirs.intercepts_[0] > 0
        self.assertEqual(round(100 * ours["dead_fraction"][theirs.n_iter_]), np.sum(~active.any(axis=0)))
        return theirs.n_iter_

    def test_without_a_penalty_it_trains_as_we_do(self):
        iterations = set()
        for entry in ENTRIES:
            with self.subTest(**entry):
                iterations.add(self.compare(entry, 1e-8))
        self.assertGreater(len(iterations), 5)  # they stop, each at its own time

    def test_with_its_penalty_too_but_for_the_biases_which_it_leaves_alone(self):
        for entry in ENTRIES:
            optimizer = {**entry["train.optimizer"], "weight_decay": PENALTY / len(arrays(entry)[1])}
            if optimizer["name"] == "sgd":
                with self.subTest(**entry):
                    self.compare({**entry, "train.optimizer": optimizer}, 0.02)


if __name__ == "__main__":
    unittest.main()
