"""Intervals, survival curves and closed forms against values computed by hand or published."""

import json
import re
import types
import unittest

import pandas as pd
from deadrelu import Results
from deadrelu.plot.born_dead import lower_bound, upper_bound
from deadrelu.plot.statistics import mean_interval, wilson
from deadrelu.plot.view import Axis, View, _joined, _readable
from results_to_draw import ROOT, sweep


class Intervals(unittest.TestCase):
    def test_students_interval_of_three_values(self):
        frame = pd.DataFrame({"group": "a", "x": [1.0, 2.0, 3.0]})
        row = mean_interval(frame, ["group"], "x").iloc[0]
        half = 4.302653 / 3**0.5  # t(0.975, 2) · s / √n
        for name, value in (("mean", 2), ("low", 2 - half), ("high", 2 + half)):
            self.assertAlmostEqual(row[name], value, places=5)

    def test_wilsons_interval_of_no_hit_in_ten(self):
        share, low, high = wilson(0, 10)
        self.assertEqual((share, low), (0, 0))
        self.assertAlmostEqual(high, 0.2775, places=4)

    def test_means_are_those_of_the_programs_summary(self):
        results = Results(sweep())
        paths = ["train.optimizer.learning_rate", "init.bias"]
        ours = mean_interval(results.runs, paths, "dead_fraction").set_index(paths)
        theirs = pd.read_csv(sweep() / "summary.csv").set_index(paths).loc[ours.index]
        self.assertGreater(len(ours), 3)
        for name in ("mean", "low", "high"):
            pd.testing.assert_series_equal(ours[name], theirs[f"dead_fraction_{name}"], check_names=False, rtol=1e-9)


class BornDead(unittest.TestCase):
    def test_published_shares_lie_between_the_bounds(self):
        claims = json.loads((ROOT / "experiments/born-dead/claims.json").read_text(encoding="utf-8"))
        found = [(re.match(r"N=(\d+), L=(\d+): born dead, inputs of both signs", claim["text"]), claim["published"])
                 for claim in claims]
        found = [(int(match[1]), int(match[2]) - 1, share) for match, share in found if match]
        self.assertGreaterEqual(len(found), 8)
        for width, hidden, share in found:
            self.assertLess(lower_bound(width, hidden), share)
            self.assertLess(share, upper_bound(width, hidden))


def swept(**columns):
    """A view of one run for each row of swept values."""
    runs = pd.DataFrame(columns)
    return View(types.SimpleNamespace(runs=runs, swept=list(columns), directory=""))


class Labels(unittest.TestCase):
    def test_settings_that_are_no_grid_are_named_by_what_is_not_as_in_the_first(self):
        rows = [("relu", 8, 0.1), ("tanh", 8, 0.1), ("relu", 16, 0.1), ("relu", 8, 0.5)]
        frame = pd.DataFrame(rows, columns=["a", "b", "c"])
        axes = [Axis(path, tuple(frame[path].unique()), path != "a", name) for path, name in
                (("a", "activation"), ("b", "units"), ("c", "rate"))]
        self.assertEqual(_joined(frame, axes).tolist(), ["relu · 8 · 0.1", "activation tanh", "units 16", "rate 0.5"])
        self.assertEqual(_joined(frame[:2], axes[:2]).tolist(), ["relu · 8", "tanh · 8"])

    def test_a_name_says_what_it_turns_on(self):
        normal = '{"name":"batch_norm","momentum":0.01}'
        view = swept(**{"model.activation": ["prelu", "tanh", "relu"], "data.standardize": ["false", "false", "true"],
                        "init.weights": ["he_normal", "lecun_normal", "he_normal"], "model.normalization": ["none", "none", normal]})
        names = ["prelu", "tanh", "relu, standardized inputs, normalization batch_norm"]
        self.assertEqual([(axis.path, list(axis.values)) for axis in view.lines], [("model.activation", names)])
        self.assertEqual(view.settings.tolist(), names)

    def test_what_a_number_turns_on_has_an_axis_of_its_own(self):
        tasks = '{"change":"permute_inputs","every":{"steps":200}}'
        view = swept(**{"init.bias": [0.0, 1.0, 2.0], "data.tasks": ["none", "none", tasks], "model.depth": [1, 1, 2]})
        self.assertEqual([axis.path for axis in view.axes], ["init.bias", "data.tasks"])
        self.assertEqual(view.settings.tolist(), ["0 · none", "1 · none", "2 · permute_inputs"])

    def test_what_is_part_of_an_object_is_said_once(self):
        view = swept(data=['{"kind":"gaussian","samples":1}', '{"kind":"points"}'], **{"data.samples": ["1", "none"]})
        self.assertEqual(view.settings.tolist(), ["gaussian", "points"])

    def test_objects_are_told_apart_by_what_differs(self):
        column = pd.Series(['relu', '{"name":"elu","alpha":1}', '{"name":"leaky_relu","slope":0.01}',
                            '{"name":"leaky_relu","slope":0.1}', '[16,16]', '[]', '[-1.5,2]',
                            '["relu",{"name":"elu","alpha":1}]'])
        self.assertEqual(_readable(column).tolist(), ["relu", "elu", "leaky_relu (slope 0.01)",
                                                      "leaky_relu (slope 0.1)", "16-16", "none", "[−1.5, 2]", "[relu, elu]"])

    def test_many_layers_of_one_width_are_counted(self):
        column = pd.Series([str([300, *[100] * 99]), "[8, 8, 8, 8]"])
        self.assertEqual(_readable(column).tolist(), ["300-100×99", "8-8-8-8"])


if __name__ == "__main__":
    unittest.main()
