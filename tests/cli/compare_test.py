"""compare: what a swept value changes, paired over seeds."""

import itertools
import json
import math

import harness
from harness import RATE

NUMBERS = "pairs missing unpaired baseline_mean mean difference low high p p_holm".split()


def p_of_student(t, degrees):
    """Two-sided: 1 minus the integral of the density from -|t| to |t| (Simpson)."""
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    n, h = 20000, abs(t) / 20000
    values = [(1 + (i * h) ** 2 / degrees) ** (-(degrees + 1) / 2) for i in range(n + 1)]
    return 1 - 2 * scale * h / 3 * (values[0] + values[-1] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]))


def number(text):
    return None if text == "" else float(text)


class Compare(harness.Case):
    def comparison(self, *arguments):
        return harness.parse_csv(self.succeed("compare", *arguments))

    def check(self, row, pairs):
        """A row against its pairs of outcomes [baseline, other], None where one is missing."""
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        n = len(known)
        self.assertEqual((int(row["pairs"]), int(row["missing"])), (n, len(pairs) - n), row)
        differences = [b - a for a, b in known]
        mean = sum(differences) / n
        self.assertAlmostEqual(float(row["baseline_mean"]), sum(a for a, _ in known) / n, delta=1e-12, msg=row)
        self.assertAlmostEqual(float(row["mean"]), sum(b for _, b in known) / n, delta=1e-12)
        self.assertAlmostEqual(float(row["difference"]), mean, delta=1e-12)
        if len(set(differences)) == 1:
            self.assertEqual((row["low"], row["high"]), ("", ""))
            self.assertEqual(number(row["p"]), None if mean == 0 else 2 ** (1 - n))
            return
        error = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1) / n)
        self.assertAlmostEqual(float(row["p"]), p_of_student(mean / error, n - 1), delta=1e-9)
        half = (float(row["high"]) - float(row["low"])) / 2
        self.assertAlmostEqual(p_of_student(half / error, n - 1), 0.05, delta=1e-7)
        self.assertAlmostEqual((float(row["high"]) + float(row["low"])) / 2, mean, delta=1e-12 + abs(mean) * 1e-12)

    def test_every_outcome_of_every_point_is_compared_in_pairs(self):
        self.train(harness.sweep(seeds=6, biases=(0, -1, -0.5)), "out")
        runs = self.rows("out/runs.csv")
        rows = self.comparison("out", "--by", "init.bias", "--baseline", "-1")
        self.assertEqual(list(rows[0]), [RATE, "init.bias", "baseline", "outcome", *NUMBERS])
        summed = [name[:-5] for name in self.header("out/summary.csv") if name.endswith("_mean")]
        outcomes = {row["outcome"] for row in rows}
        has = {name for name in summed if any(run[name] for run in runs)}
        self.assertEqual(outcomes, has | {"diverged", "born_dead", "collapsed"})
        self.assertEqual(len(rows), 2 * 2 * len(outcomes))
        for row in rows:
            self.assertEqual((row["baseline"], row["unpaired"]), ("-1.0", "0"))
            if row["outcome"] == "diverged":
                continue
            of = {(run["init.bias"], run["seed"]): number(run[row["outcome"]]) for run in runs if run[RATE] == row[RATE]}
            self.check(row, [(of["-1.0", str(seed)], of[row["init.bias"], str(seed)]) for seed in range(6)])
        self.assertEqual(self.comparison("out", "--by", "init.bias")[0]["baseline"], "0.0")

    def test_holms_correction_is_over_the_outcomes_and_values_of_a_point(self):
        self.train(harness.sweep(seeds=6, biases=(0, -1, -0.5)), "out")
        rows = self.comparison("out", "--by", "init.bias")
        for _, point in itertools.groupby(rows, key=lambda row: row[RATE]):
            tested = sorted((r for r in point if r["p"]), key=lambda row: float(row["p"]))
            highest = 0
            for rank, row in enumerate(tested):
                highest = max(highest, min(1, (len(tested) - rank) * float(row["p"])))
                self.assertAlmostEqual(float(row["p_holm"]), highest, delta=1e-15)
        self.assertEqual({row["p_holm"] for row in rows if not row["p"]}, {""})

    def test_averaged_over_the_other_paths_a_seed_is_a_pair(self):
        self.train(harness.sweep(seeds=5), "out")
        runs = self.rows("out/runs.csv")
        rows = self.comparison("out", "--by", "init.bias", "--average")
        self.assertEqual(list(rows[0]), ["init.bias", "baseline", "outcome", *NUMBERS])
        row = next(r for r in rows if r["outcome"] == "train_loss")
        means = [[sum(float(run["train_loss"]) for run in runs if (run["init.bias"], run["seed"]) == (bias, str(seed))) / 2
                  for bias in ("0.0", "-1.0")] for seed in range(5)]
        self.check(row, means)

    def test_what_is_missing_and_what_has_no_partner_is_counted(self):
        config = harness.sweep(seeds=4, rates=[0.1, 30], biases=[0])
        self.succeed("run", self.write(config), "--out", "out", "--only", "0-6")
        runs = self.rows("out/runs.csv")
        diverged = [run for run in runs if run["status"] == "diverged"]
        self.assertGreater(len(diverged), 0)
        rows = {row["outcome"]: row for row in self.comparison("out", "--by", RATE)}
        lost = rows["diverged"]
        self.assertEqual((lost["pairs"], lost["missing"], lost["unpaired"]), ("3", "0", "1"))
        self.assertAlmostEqual(float(lost["mean"]), len(diverged) / 3, delta=1e-12)
        self.assertEqual((int(rows["train_loss"]["pairs"]), int(rows["train_loss"]["missing"])),
                         (3 - len(diverged), len(diverged)))

    def test_tasks_and_streams_are_outcomes_by_their_means(self):
        config = harness.every_table()
        config["sweep"]["grid"][RATE] = [0.01, 0.1]
        self.train(config, "out")
        rows = self.comparison("out", "--by", RATE)
        runs = {run["run_id"]: run for run in self.rows("out/runs.csv")}
        for table, column in (("tasks", "online_accuracy"), ("stream", "loss")):
            row = next(r for r in rows if r["outcome"] == f"{table}.{column}" and float(r["pairs"]) > 0)
            values = {}
            for line in self.rows(f"out/{table}.csv"):
                values.setdefault((runs[line["run_id"]][RATE], runs[line["run_id"]]["seed"]), []).append(float(line[column]))
            mean = {key: sum(of) / len(of) for key, of in values.items()}
            self.check(row, [(mean["0.01", str(seed)], mean["0.1", str(seed)]) for seed in range(3)])

    def test_paths_that_change_together_are_compared_together(self):
        config = harness.sweep(seeds=3)
        config["sweep"] = {"zip": {"init.bias": [0, -1], RATE: [0.1, 0.01]}, "seeds": 3}
        self.train(config, "out")
        self.assertIn("no run has a partner", self.fail_with(2, "compare", "out", "--by", RATE))
        rows = self.comparison("out", "--by", RATE, "--by", "init.bias", "--baseline", "-1")
        self.assertEqual({(r[RATE], r["init.bias"], r["baseline"], r["pairs"]) for r in rows if r["outcome"] == "deaths"},
                         {("0.1", "0.0", "0.01 -1", "3")})

    def test_json_has_the_same_rows(self):
        self.train(harness.sweep(), "out")
        rows = json.loads(self.succeed("compare", "out", "--by", "init.bias", "--json"))
        text = self.comparison("out", "--by", "init.bias")
        self.assertEqual([{key: "" if value is None else str(value) for key, value in row.items()} for row in rows], text)

    def test_a_terminal_gets_a_table(self):
        self.train(harness.sweep(), "out")
        code, text = self.on_terminal("compare", "out", "--by", "init.bias")
        lines = text.splitlines()
        self.assertEqual((code, lines[0].split()), (0, [RATE, "init.bias", "baseline", "outcome", *NUMBERS]))
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertNotIn(",", text)

    def test_mistakes_say_what_there_is(self):
        self.train(harness.sweep(), "out")
        self.assertIn(f"there is {RATE}, init.bias; did you mean 'init.bias'?",
                      self.fail_with(2, "compare", "out", "--by", "init.biass"))
        self.assertIn("--by", self.fail_with(2, "compare", "out"))
        self.assertIn("twice", self.fail_with(2, "compare", "out", "--by", RATE, "--by", RATE))
        self.assertIn("nothing is called '7'; there is 0, -1",
                      self.fail_with(2, "compare", "out", "--by", "init.bias", "--baseline", "7"))
        self.train(harness.sweep(biases=[0]), "one")
        self.assertIn("takes two", self.fail_with(2, "compare", "one", "--by", "init.bias"))


if __name__ == "__main__":
    harness.main()
