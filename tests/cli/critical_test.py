"""critical: thresholds whose place is known in closed form, and a search that is stopped, split and repeated."""

import json
import math
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import RATE

VARY = f"{RATE}=0.001..100"


def deep(**more):
    """Networks that die or diverge at a high learning rate, of two depths."""
    config = {
        "name": "deep",
        "data": {"kind": "teacher", "samples": 64, "inputs": 3},
        "model": {"width": 6},
        "train": {"steps": 30, "batch_size": "full"},
        "record": {"every": 30},
        "sweep": {"grid": {"model.depth": [1, 4]}},
    }
    config.update(more)
    return config


def linear_model(inputs, targets):
    """No hidden layer, the whole batch: gradient descent on a quadratic."""
    return {
        "data": {"kind": "points", "inputs": inputs, "targets": targets},
        "model": {"hidden": []},
        "train": {"steps": 20000, "batch_size": "full", "precision": "float64"},
        "record": {"every": 20000},
    }


# Dead on x and -x where |w.x| <= -b, and w.x ~ N(0, (r sigma)^2) with r = 2, sigma = 1/2: erf^-1(1/2) = 0.4769.
HALF_DEAD = -0.6744897501960817


def born_by_chance(units, **more):
    return {
        "data": {"kind": "points", "inputs": [[1.2, 1.6], [-1.2, -1.6]], "targets": [[0], [1]]},
        "model": {"hidden": [units]},
        "init": {"weights": {"name": "normal", "std": 0.5}, **more},
        "train": {"steps": 1, "batch_size": "full"},
    }


def largest_eigenvalue(matrix):
    vector = [1.0] * len(matrix)
    for _ in range(2000):
        image = [sum(a * v for a, v in zip(row, vector)) for row in matrix]
        size = math.sqrt(sum(x * x for x in image))
        vector = [x / size for x in image]
    return size


class Critical(harness.Case):
    def search(self, config, vary, *options):
        """The rows of the answer, numbers as numbers."""
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        text = self.succeed("critical", self.write(config, "search.json"), "--vary", vary, "--progress", "none",
                            "--json", *options)
        return json.loads(text)

    def test_half_of_the_units_are_born_dead_where_the_normal_distribution_says(self):
        # Of an odd number of units: half of the runs have more than half of them dead where a unit is with chance 1/2.
        row, = self.search(born_by_chance(31), "init.bias=-3..0", "--outcome", "dead_fraction_initial>=0.5", "--width", "0.05")
        self.assertLessEqual(row["low"], HALF_DEAD)
        self.assertGreaterEqual(row["high"], HALF_DEAD)
        self.assertLess(row["slope"], 0)
        self.assertLessEqual(row["high"] - row["low"], 0.05)

    def test_gradient_descent_diverges_beyond_two_over_the_largest_eigenvalue(self):
        inputs = [[1, 2], [0.5, -1], [-1, 0.3], [2, 1]]
        # mse: the Hessian is 2/n X'X, with a column of ones for the bias.
        rows = [x + [1] for x in inputs]
        hessian = [[2 / len(rows) * sum(x[i] * x[j] for x in rows) for j in range(3)] for i in range(3)]
        edge = 2 / largest_eigenvalue(hessian)
        row, = self.search(linear_model(inputs, [[1], [0], [2], [-1]]), f"{RATE}=0.01..10", "--outcome", "diverged")
        self.assertIn("separated", row["note"])
        self.assertIsNone(row["slope"])
        self.assertLessEqual(row["low"], edge * 1.05)  # just beyond, the steps do not suffice
        self.assertGreater(row["high"], edge)
        self.assertLess(row["high"] / row["low"], 10 ** 0.05)

    def test_one_step_kills_from_where_it_takes_the_pre_activation_to_zero(self):
        # w = v = 1, x = 1, no bias yet: y = 1, dL/dz = 2 (y - t) = 8, so z becomes 1 - 2 * 8 * rate.
        config = {
            "data": {"kind": "points", "inputs": [[1]], "targets": [[-3]]},
            "model": {"hidden": [1]},
            "init": {"weights": 1},
            "train": {"steps": 1, "batch_size": "full"},
        }
        row, = self.search(config, f"{RATE}=0.001..1", "--outcome", "dead_fraction>=1", "--width", "0.001")
        self.assertLessEqual(row["low"], 1 / 16)
        self.assertGreaterEqual(row["high"], 1 / 16)
        self.assertIn("0 of 8 fall at", row["note"])
        self.assertIn("(at most 36.9 % do)", row["note"])
        self.assertIn("(at least 63.1 % do)", row["note"])

    def test_one_line_for_each_other_point_and_the_same_bytes_however_it_is_trained(self):
        name = self.write(deep())
        arguments = ["critical", name, "--vary", VARY, "--progress", "none", "--width", "0.2"]
        text = self.succeed(*arguments)
        rows = harness.parse_csv(text)
        self.assertEqual(list(rows[0]), ["model.depth", "critical", "low", "high", "slope", "runs", "note"])
        self.assertEqual([row["model.depth"] for row in rows], ["1", "4"])
        for row in rows:
            self.assertLess(float(row["low"]), float(row["critical"]))
            self.assertLess(math.log10(float(row["high"]) / float(row["low"])), 0.2)
        for options in (["--threads", "1"], ["--threads", "2", "--engine", "wide"], ["--engine", "lanes"]):
            self.assertEqual(self.succeed(*arguments, "--out", "-".join(options)[2:], *options), text)
            self.assert_same_tables("-".join(options)[2:], "results/deep-critical")

    def test_the_directory_is_an_ordinary_one(self):
        text = self.succeed("critical", self.write(deep()), "--vary", VARY, "--width", "0.2", "--out", "kept")
        runs = sum(int(row["runs"]) for row in harness.parse_csv(text))
        self.assertEqual(len(self.rows("kept/runs.csv")), runs)
        self.assertIn(f"{runs} of {runs} runs recorded", self.succeed("status", "kept"))
        drawn = json.loads((self.folder / "kept/critical.json").read_text())
        self.assertEqual((drawn["vary"], drawn["scale"]), (RATE, "log"))
        self.assertEqual([str(dose["runs"]) for dose in drawn["doses"]],
                         [row["runs"] for row in harness.parse_csv(text)])
        fallen = harness.parse_csv(self.succeed("query", "kept", f"SELECT sum({drawn['sql']}) AS n FROM runs"))
        self.assertGreater(float(fallen[0]["n"]), 0)
        self.assertIn("every stored bit is the same", self.succeed("verify", "kept"))
        seeds = harness.parse_csv(self.succeed(
            "query", "kept", 'SELECT count(*) AS n, count(DISTINCT seed) AS seeds, min(seed) AS first, max(seed) AS last '
                             'FROM runs WHERE "model.depth" = 1'))[0]
        self.assertEqual(seeds["n"], seeds["seeds"])  # every run of a point has a seed of its own
        self.assertEqual(int(seeds["last"]) - int(seeds["first"]) + 1, int(seeds["n"]))
        config = json.loads((self.folder / "kept/manifest.json").read_text())["config"]
        before = self.tables("kept")
        again = self.succeed("run", self.write(config, "again.json"), "--out", "kept")
        self.assertIn("0 runs trained", again)
        self.assertEqual(self.tables("kept"), before)

    def test_a_search_that_was_stopped_goes_on_to_the_same_bytes(self):
        name = self.write(deep(train={"steps": 1500, "batch_size": "full"}))
        arguments = ["critical", name, "--vary", VARY, "--progress", "none", "--width", "0.25", "--threads", "1"]
        whole = self.succeed(*arguments, "--out", "whole")
        early = [0.01 + 0.002 * (i // 2) for i in range(50)]  # one makes the store, the next one finds what it left
        for number, wait in enumerate([*early, 0.15, 0.3, 0.6]):
            if number % 2 == 0 and number < len(early):
                shutil.rmtree(self.folder / "parts", ignore_errors=True)
            process = subprocess.Popen(self.command(*arguments, "--out", "parts"), cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            errors = process.communicate()[1]
            self.assertIn(process.returncode, (0, -signal.SIGKILL), errors)
        self.assertEqual(self.succeed(*arguments, "--out", "parts"), whole)
        self.assert_same_tables("parts", "whole")
        # Killed when all was trained and the tables were not written yet.
        before = self.tables("parts")
        for name in self.table_names("parts"):
            (self.folder / "parts" / name).unlink()
        (self.folder / "parts/manifest.json").unlink()
        self.assertEqual(self.succeed(*arguments, "--out", "parts"), whole)
        self.assertEqual(self.tables("parts"), before)
        self.assertIn("0 runs trained", self.succeed(
            "run", self.write((json.loads((self.folder / "whole/manifest.json").read_text()))["config"], "c.json"),
            "--out", "parts"))

    def test_shards_find_what_one_process_finds(self):
        name = self.write(deep())
        arguments = ["critical", name, "--vary", VARY, "--progress", "none", "--width", "0.2"]
        whole = self.succeed(*arguments, "--out", "whole")
        answers = {}
        for _ in range(60):
            for shard in range(3):
                done = self.run_program(*arguments, "--out", "parts", "--shard", f"{shard}/3")
                self.assertIn(done.returncode, (0, 3), done.stderr)
                if done.returncode == 0:
                    answers[shard] = done.stdout
                else:
                    self.assertIn("runs of other shards are not recorded yet", done.stderr)
            if len(answers) == 3:
                break
        self.assertEqual(answers, {0: whole, 1: whole, 2: whole})
        self.succeed("merge", "parts")
        self.assert_same_tables("parts", "whole")
        self.assertEqual(self.succeed(*arguments, "--out", "parts"), whole)

    def test_what_is_no_curve_is_said(self):
        born = ["--outcome", "born_dead"]
        nobody, = self.search(deep(sweep={}, model={"hidden": [6]}), "init.bias=0.5..2", *born)
        self.assertIn("fewer than half fall at every dose", nobody["note"])
        self.assertIsNone(nobody["critical"])
        everybody, = self.search(deep(sweep={}, model={"hidden": [6]}), "init.bias=-90..-80", *born)
        self.assertIn("more than half fall at every dose", everybody["note"])
        flat, = self.search(born_by_chance(1, bias=HALF_DEAD), f"{RATE}=1e-9..1e-8", *born, "--runs", "150")
        self.assertIn("does not change with the dose", flat["note"])
        self.assertIn("--runs is used up", flat["note"])
        undecided, = self.search(deep(sweep={}), VARY, "--outcome", "dead_fraction>=0.5", "--width", "0.3",
                                 "--set", "model.depth=4")
        self.assertRegex(undecided["note"], r"\d+ runs diverged and do not count as fallen")

    def test_whole_numbers_stay_whole(self):
        config = deep(sweep={}, model={"width": 2}, init={"bias": -0.5})
        row, = self.search(config, "model.depth=1..40", "--outcome", "born_dead", "--out", "depths", "--width", "0.01",
                           "--runs", "400")
        self.assertEqual({float(r["model.depth"]) % 1 for r in self.rows("depths/runs.csv")}, {0})
        self.assertGreaterEqual(row["critical"], 1)

    def test_bad_input_is_refused_and_nothing_is_written(self):
        name = self.write(deep())
        for options, sentence in [
                (["--vary", "0.1..1"], "is no PATH=FROM..TO"),
                (["--vary", f"{RATE}=1..0.1"], "1 is not below 0.1"),
                (["--vary", f"{RATE}=a..1"], "'a' is not a finite number"),
                (["--vary", "train.optimizer.learning_rat=0.1..1"], f"did you mean {RATE}?"),
                (["--vary", "data.kind=0.1..1"], "a range is for numbers"),
                (["--vary", f"{RATE}=-1..1"], "--vary train.optimizer.learning_rate"),
                (["--vary", f"{RATE}=0..1", "--scale", "log"], "0 has no logarithm"),
                (["--vary", VARY, "--scale", "cubic"], "neither log nor linear"),
                (["--vary", VARY, "--width", "0"], "is not above 0"),
                (["--vary", VARY, "--outcome", "dead_fractoin>0.5"], "did you mean 'dead_fraction'?"),
                (["--vary", VARY, "--outcome", "dead_fraction"], "is a number; compare it"),
                (["--vary", VARY, "--outcome", "dead_fraction=>1"], "is a number; compare it"),
                (["--vary", VARY, "--outcome", "born_dead or"], "lacks a condition"),
                (["--vary", VARY, "--shard", "2/2"], "is neither I/N"),
        ]:
            self.assertIn(sentence, self.fail_with(2, "critical", name, *options, "--out", "out"))
        self.assertEqual([p.name for p in self.folder.iterdir()], [name])


class OwnSeeds(harness.Case):
    def test_entries_of_a_list_may_have_seeds_of_their_own(self):
        config = harness.sweep()
        config["sweep"] = {"list": [{RATE: 0.1, "seeds": 2}, {RATE: 0.1, "seeds": [7, 5]},
                                    {RATE: 0.2, "seeds": {"from": 3, "count": 1}}, {RATE: 0.3},
                                    {RATE: 0.1, "seeds": 2}], "seeds": [11]}
        self.train(config, "out")
        self.assertEqual([(float(row[RATE]), int(row["seed"])) for row in self.rows("out/runs.csv")],
                         [(0.1, 0), (0.1, 1), (0.1, 7), (0.1, 5), (0.2, 3), (0.3, 11)])
        config["sweep"]["list"][1]["seeds"] = -1
        self.assertIn("/sweep/list/1/seeds: found", self.fail_with(2, "list", self.write(config, "bad.json")))


if __name__ == "__main__":
    harness.main()
