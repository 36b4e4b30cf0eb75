"""survival: how long hidden units live."""

import json
import math
import pathlib

import harness
from harness import RATE

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = "time n_risk n_event n_censor survival std_error low high".split()


def config(tables=("metrics", "layers", "units"), **record):
    """Units that die and come back, in runs of two learning rates."""
    result = harness.sweep(steps=200, seeds=5, rates=(0.5, 0.1), biases=[-0.2])
    result["model"] = {"hidden": [8, 6]}
    result["record"] = {"every": 10, "tables": list(tables), **record}
    return result


class Survival(harness.Case):
    def curve(self, *arguments):
        return harness.parse_csv(self.succeed("survival", *arguments))

    def lives(self, out, group=RATE):
        """From units.csv: {group: {run: [[time, died] of each unit that was alive at step 0]}}."""
        runs = {row["run_id"]: row for row in self.rows(f"{out}/runs.csv")}
        units = {}
        for row in self.rows(f"{out}/units.csv"):
            units.setdefault((row["run_id"], row["layer"], row["unit"]), []).append((int(row["step"]), row["dead"]))
        lives = {}
        for (run, layer, _), steps in units.items():
            of_run = lives.setdefault(layer if group == "layer" else runs[run][group], {}).setdefault(run, [])
            dead = [step for step, flag in steps if flag == "1"]
            end = int(runs[run]["diverged_step"] or runs[run]["steps"])
            if dead[:1] != [0]:
                of_run.append((dead[0], 1) if dead else (end, 0))
        return lives

    def check(self, rows, lives):
        """Rows of one group against its lives, the error by the derivatives with respect to the runs' weights."""
        times = sorted({time for units in lives.values() for time, _ in units})
        self.assertEqual([int(row["time"]) for row in rows], times)
        survival, parts = 1, dict.fromkeys(lives, 0)
        for row, now in zip(rows, times):
            at_risk = {run: sum(time >= now for time, _ in units) for run, units in lives.items()}
            died = {run: sum(unit == (now, 1) for unit in units) for run, units in lives.items()}
            n, d = sum(at_risk.values()), sum(died.values())
            censored = sum((now, 0) in [unit] for units in lives.values() for unit in units)
            self.assertEqual([int(row[c]) for c in ("n_risk", "n_event", "n_censor")], [n, d, censored])
            survival *= 1 - d / n
            self.assertAlmostEqual(float(row["survival"]), survival, delta=1e-12)
            if survival == 0:
                self.assertEqual([row[c] for c in ("std_error", "low", "high")], ["", "", ""])
                continue
            for run in parts:
                parts[run] += (died[run] - at_risk[run] * d / n) / (n - d)
            error = math.sqrt(sum(part * part for part in parts.values()))
            self.assertAlmostEqual(float(row["std_error"]), survival * error, delta=1e-12)
            if survival < 1:
                for name, sign in (("low", 1), ("high", -1)):
                    limit = math.exp(-math.exp(math.log(-math.log(survival)) - sign * 1.959963984540054 * error / math.log(survival)))
                    self.assertAlmostEqual(float(row[name]), limit, delta=1e-12)

    def test_curves_are_those_of_the_recorded_units(self):
        self.train(config(), "out")
        for group in (RATE, "layer"):
            rows, lives = self.curve("out", "--by", group), self.lives("out", group)
            self.assertEqual(list(rows[0]), [group, *COLUMNS])
            self.assertEqual({row[group] for row in rows}, lives.keys())
            self.assertGreater(sum(int(row["n_event"]) for row in rows), 5)
            for value, units in lives.items():
                self.check([row for row in rows if row[group] == value], units)
        self.assertEqual(list(self.curve("out")[0]), COLUMNS)

    def test_deaths_minus_revivals_are_the_dead_units(self):
        """Where nothing is censored before the end, the chance of being dead is the share of dead units."""
        self.train(config(), "out")
        report = json.loads(self.succeed("survival", "out", "--json"))
        (group,) = report["groups"]
        self.assertGreater(group["revivals"], 0)
        self.assertEqual(group["units"], 10 * 14)
        shares = {}
        for row in self.rows("out/metrics.csv"):
            shares.setdefault(int(row["step"]), []).append(float(row["dead_fraction"]))
        for row in group["curve"]:
            share = group["born_dead"] / group["units"] + row["mean_deaths"] - row["mean_revivals"]
            self.assertAlmostEqual(share, sum(shares[row["time"]]) / 10, delta=1e-12)
        runs = self.rows("out/runs.csv")
        self.assertEqual((group["deaths"], group["revivals"]),
                         tuple(sum(int(run[name]) for run in runs) for name in ("deaths", "revivals")))
        self.assertEqual(group["died"] + group["alive"] + group["born_dead"], group["units"])

    def test_diverged_runs_are_censored_and_a_competing_cause(self):
        settings = config()
        settings["sweep"]["grid"][RATE] = [0.5, 20]
        self.train(settings, "out")
        diverged = [run for run in self.rows("out/runs.csv") if run["status"] == "diverged"]
        self.assertGreater(len(diverged), 0)
        rows, lives = self.curve("out", "--by", RATE), self.lives("out")
        for value, units in lives.items():
            self.check([row for row in rows if row[RATE] == value], units)
        for group in json.loads(self.succeed("survival", "out", "--by", RATE, "--json"))["groups"]:
            ended = [u for units in lives[str(float(group[RATE]))].values() for u in units]
            self.assertEqual(group["in_diverged_runs"] + group["alive"], sum(died == 0 for _, died in ended))
            last = group["curve"][-1]
            left = group["alive"] / (group["alive"] + group["in_diverged_runs"] + group["died"])
            self.assertAlmostEqual(last["dead"] + last["diverged"], 1 - left, delta=1e-12)  # all leave by one of the two
        self.assertGreater(group["in_diverged_runs"], 0)

    def test_units_that_are_no_numbers_any_more_are_watched_until_their_run_diverges(self):
        self.succeed("run", ROOT / "configs/quickstart.json", "--out", "out", "--set", 'record.tables=["units"]', "--set",
                     'sweep={"grid": {"train.optimizer.learning_rate": [0.6]}, "seeds": 6}', "--set",
                     "model.activation=leaky_relu")
        self.assertIn("", {row["dead"] for row in self.rows("out/units.csv")})
        lives = [life for units in self.lives("out").values() for of_run in units.values() for life in of_run]
        self.assertEqual(sum(int(row["n_censor"]) for row in self.curve("out")), len(lives))

    def test_greenwoods_error_is_there_for_the_asking(self):
        self.train(config(), "out")
        at_risk = survival = None
        total = 0
        for row in self.curve("out", "--greenwood"):
            at_risk, died, survival = int(row["n_risk"]), int(row["n_event"]), float(row["survival"])
            total += died / (at_risk * (at_risk - died))
            self.assertAlmostEqual(float(row["std_error"]), survival * math.sqrt(total), delta=1e-12)

    def test_tests_and_medians_are_in_json(self):
        self.train(config(), "out")
        report = json.loads(self.succeed("survival", "out", "--by", RATE, "--json"))
        for test in ("log_rank", "log_rank_clustered"):
            self.assertEqual(report[test]["degrees"], 1)
            self.assertAlmostEqual(report[test]["p"], math.erfc(math.sqrt(report[test]["chi_squared"] / 2)), delta=1e-12)
        for group in report["groups"]:
            below = [row["time"] for row in group["curve"] if row["survival"] <= 0.5]
            self.assertEqual(group["median"], below[0] if below else None)
            self.assertEqual([row for row in group["curve"] if row["n_event"] + row["n_censor"]],
                             [{**row, **{c: number(text[c]) for c in COLUMNS}} for row, text in zip(
                                 [row for row in group["curve"] if row["n_event"] + row["n_censor"]],
                                 [r for r in self.curve("out", "--by", RATE) if float(r[RATE]) == group[RATE]])])

    def test_shards_and_a_merge_give_the_same_bytes(self):
        name = self.write(config())
        self.succeed("run", name, "--out", "whole")
        for shard in range(2):
            self.succeed("run", name, "--out", "parts", "--shard", f"{shard}/2")
        self.succeed("merge", "parts", "parts")
        before = harness.fingerprint(self.folder / "whole")
        for options in ([], ["--json", "--by", RATE, "--by", "layer"]):
            self.assertEqual(self.succeed("survival", "whole", *options), self.succeed("survival", "parts", *options))
        self.assertEqual(harness.fingerprint(self.folder / "whole"), before)

    def test_both_tables_tell_the_same_lives(self):
        for rates in ([0.5, 0.1], [0.5, 20]):
            for name, options in (("both", {"deaths": "records"}), ("units", {}),
                                  ("deaths", {"deaths": "records", "tables": ["layers"]})):
                settings = config(**options)
                settings["sweep"]["grid"][RATE] = rates
                self.train(settings, f"{name}{rates[1]}")
            reports = {}
            for name in ("both", "units", "deaths"):
                reports[name] = json.loads(self.succeed("survival", f"{name}{rates[1]}", "--json", "--by", RATE, "--by", "layer"))
                self.assertEqual(reports[name].pop("source"), name.replace("both", "deaths"))
            self.assertEqual(reports["both"], reports["units"])
            self.assertEqual(reports["both"], reports["deaths"])
            self.assertEqual([group["layer"] for group in reports["both"]["groups"]], [1, 2, 1, 2])
        self.train(config(tables=["metrics"], deaths="records"), "alone")
        self.assertIn("the table layers in record.tables", self.fail_with(2, "survival", "alone"))

    def test_a_reset_ends_a_life_and_is_no_revival(self):
        settings = config(deaths="records")
        settings["remedy"] = {"reset": {"rule": "random", "every": 7}}
        for activation in ("relu", "hard_sigmoid"):  # whose units live on with pre-activations down to -3
            settings["model"]["activation"] = activation
            self.train(settings, activation)
            (group,) = json.loads(self.succeed("survival", activation, "--json"))["groups"]
            events = self.rows(f"{activation}/deaths.csv")
            self.assertGreater(group["reset"], 0)
            self.assertEqual(group["deaths"], sum(row["event"] == "death" for row in events))
            self.assertEqual(group["revivals"], sum(row["event"] == "revival" for row in events))
            self.assertEqual(sum(group[fate] for fate in ("born_dead", "died", "alive", "reset")), group["units"])
            dead = {(row["run_id"], row["step"], row["layer"], row["unit"]): row["dead"]
                    for row in self.rows(f"{activation}/units.csv")}
            self.assertEqual(group["born_dead"], sum(value == "1" for (_, step, *_), value in dead.items() if step == "0"))
            for row in events:
                self.assertEqual(row["dead_before"], dead[row["run_id"], row["from_step"], row["layer"], row["unit"]])
        del settings["record"]["deaths"]
        self.train(settings, "units")
        self.assertIn("record.deaths=records", self.fail_with(2, "survival", "units"))

    def test_without_a_record_of_units_it_says_what_to_record(self):
        self.train(harness.sweep(), "out")
        self.assertIn("record.deaths=records", self.fail_with(2, "survival", "out"))
        self.assertIn("there is " + RATE + ", init.bias, layer", self.fail_with(2, "survival", "out", "--by", "laier"))

    def test_a_terminal_gets_a_table(self):
        self.train(config(), "out")
        code, text = self.on_terminal("survival", "out")
        self.assertEqual((code, text.splitlines()[0].split()), (0, COLUMNS))
        self.assertNotIn(",", text)


def number(text):
    return None if text == "" else json.loads(text)


if __name__ == "__main__":
    harness.main()
