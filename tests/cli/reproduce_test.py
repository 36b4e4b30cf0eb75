"""reproduce: published claims, judged by queries over the results."""

import json
import math
import os
import pathlib
import subprocess

import harness


def claim(text, query, low=None, high=None, **more):
    return {"text": text, "source": "arXiv:0000.00000", "published": 0.5, "query": query, "low": low, "high": high,
            "why": "for the test", **more}


SEEDS = "SELECT seed FROM runs WHERE \"init.bias\" = 0"  # 0, 1, 2, 3
PASSES = claim("the mean seed is 1.5", SEEDS, 1.4, 1.6)
FAILS = claim("the mean seed is 5", SEEDS, 4.9, 5.1)
FAILS_SOFTLY = {**FAILS, "firm": False, "note": "because it is not"}


class Experiments(harness.Case):
    def add(self, name, *claims, readme=None, **config):
        folder = self.folder / "experiments" / name
        folder.mkdir(parents=True, exist_ok=True)
        small = {**harness.sweep(steps=3, seeds=4, rates=(0.1,)), **config}
        del small["name"]
        (folder / "config.json").write_text(json.dumps(small))
        (folder / "claims.json").write_text(json.dumps(claims))
        if readme:
            (folder / "README.md").write_text(readme)

    def judge(self, code, *arguments):
        done = self.run_program("reproduce", "--json", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def measured(self, query, low=None, high=None):
        self.add("one", claim("it", query, low, high, firm=False))
        return self.judge(0, "one")[0]


class Reproducing(Experiments):
    def test_a_claim_in_its_range_passes(self):
        self.add("one", PASSES)
        text = self.succeed("reproduce", "one")
        self.assertIn("PASS  the mean seed is 1.5", text)
        self.assertIn("published 0.5 (arXiv:0000.00000); measured 1.5 [-0.5543, 3.554] of 4; accepted 1.4 to 1.6", text)
        self.assertIn("1 claims: 1 PASS, 0 FAIL, 0 of them firm\n", text)

    def test_a_firm_claim_out_of_its_range_ends_with_code_3(self):
        self.add("one", PASSES, FAILS)
        done = self.run_program("reproduce", "one")
        self.assertEqual(done.returncode, 3)
        self.assertIn("FAIL  the mean seed is 5", done.stdout)
        self.assertIn("2 claims: 1 PASS, 1 FAIL, 1 of them firm\n", done.stdout)

    def test_a_claim_that_is_not_firm_fails_without_a_code_and_tells_its_note(self):
        self.add("one", FAILS_SOFTLY)
        text = self.succeed("reproduce", "one")
        self.assertIn("FAIL  the mean seed is 5", text)
        self.assertIn("because it is not", text)

    def test_json_has_one_object_a_claim_over_all_experiments(self):
        self.add("b", PASSES)
        self.add("a", {**FAILS_SOFTLY, "published": "direction only"})
        claims = self.judge(0, "--all")
        self.assertEqual([(c["experiment"], c["verdict"]) for c in claims], [("a", "FAIL"), ("b", "PASS")])
        first = claims[0]
        self.assertEqual((first["claim"], first["source"], first["published"], first["measured"], first["firm"]),
                         ("the mean seed is 5", "arXiv:0000.00000", "direction only", 1.5, False))
        self.assertEqual((first["accepted_low"], first["accepted_high"]), (4.9, 5.1))

    def test_json_tells_where_a_chart_draws_what_was_published(self):
        at = {"column": "dead_fraction", "layer": 2, "init.bias": -1}
        self.add("one", {**PASSES, "at": at}, {**FAILS_SOFTLY, "published": "more"})
        self.assertEqual([found.get("at") for found in self.judge(0, "one")], [at, None])

    def test_the_interval_is_students_for_numbers(self):
        found = self.measured(SEEDS, low=0)
        half = 3.18244630528371 * math.sqrt(5 / 3) / 2
        self.assertAlmostEqual(found["low"], 1.5 - half, places=12)
        self.assertAlmostEqual(found["high"], 1.5 + half, places=12)
        self.assertEqual(found["samples"], 4)

    def test_the_interval_is_wilsons_for_shares(self):
        found = self.measured("SELECT seed < 2 FROM runs", low=0)
        self.assertEqual((found["samples"], found["measured"]), (8, 0.5))
        self.assertAlmostEqual(found["low"], 0.215216, places=6)
        self.assertAlmostEqual(found["high"], 0.784784, places=6)

    def test_one_row_is_a_value_without_an_interval(self):
        found = self.measured("SELECT 100 * count(*) FROM runs", low=800)
        self.assertEqual((found["measured"], found["low"], found["high"], found["verdict"]), (800, None, None, "PASS"))

    def test_rows_that_are_null_are_left_out(self):
        found = self.measured("SELECT CASE WHEN seed < 3 THEN seed END FROM runs", low=0)
        self.assertEqual((found["samples"], found["measured"]), (6, 1.0))

    def test_without_rows_nothing_is_measured_and_the_claim_fails(self):
        found = self.measured("SELECT seed FROM runs WHERE 0", low=-1e9)
        self.assertEqual((found["measured"], found["samples"], found["verdict"]), (None, 0, "FAIL"))

    def test_a_direction_passes_only_with_its_whole_interval(self):
        self.assertEqual(self.measured(SEEDS, low=0)["verdict"], "FAIL")       # [-0.55, 3.55]
        self.assertEqual(self.measured(SEEDS, low=-0.6)["verdict"], "PASS")
        self.assertEqual(self.measured(SEEDS, high=3)["verdict"], "FAIL")
        self.assertEqual(self.measured(SEEDS, high=3.6)["verdict"], "PASS")
        self.assertEqual(self.measured(SEEDS, low=1.5, high=1.5)["verdict"], "PASS")

    def test_results_are_kept_and_resumed(self):
        self.add("one", PASSES)
        self.succeed("reproduce", "one")
        self.assertIn("8 of 8 runs recorded", self.succeed("status", "results/one"))
        before = harness.fingerprint(self.folder / "results" / "one")
        self.succeed("reproduce", "one")
        after = harness.fingerprint(self.folder / "results" / "one")
        for written in ("manifest.json", "results.sqlite"):
            before.pop(written), after.pop(written)
        self.assertEqual(before, after)
        manifest = json.loads((self.folder / "results/one/manifest.json").read_text())
        self.assertEqual((manifest["trained_now"], manifest["complete"]), (0, True))

    def test_out_names_the_folder_of_the_results(self):
        self.add("one", PASSES)
        self.succeed("reproduce", "one", "--out", "elsewhere")
        self.assertTrue((self.folder / "elsewhere/one/runs.csv").exists())
        self.assertFalse((self.folder / "results").exists())

    def test_list_tells_runs_and_claims_and_trains_nothing(self):
        self.add("one", PASSES, readme="# Seeds have a mean\n\nText.\n")
        self.add("two", PASSES, FAILS, sweep={"seeds": 5})
        lines = self.succeed("reproduce", "--list").splitlines()
        self.assertEqual(lines[0].split()[:5], ["one", "8", "runs", "1", "claims"])
        self.assertIn("Seeds have a mean", lines[0])
        self.assertEqual(lines[1].split()[:5], ["two", "5", "runs", "2", "claims"])
        entries = json.loads(self.succeed("reproduce", "--list", "--json"))
        self.assertEqual([(e["experiment"], e["title"], e["runs"], e["claims"]) for e in entries],
                         [("one", "Seeds have a mean", 8, 1), ("two", "two", 5, 2)])
        self.assertFalse((self.folder / "results").exists())

    def test_the_experiments_may_be_elsewhere(self):
        self.add("one", PASSES)
        (self.folder / "experiments").rename(self.folder / "mine")
        self.succeed("reproduce", "one", "--experiments", "mine")

    def test_without_a_folder_of_their_own_those_beside_the_program_are_found(self):
        link = self.folder / "prefix"
        (link / "bin").mkdir(parents=True)
        binary = link / "bin" / "deadrelu"
        binary.write_bytes(pathlib.Path(harness.BINARY).read_bytes())
        os.chmod(binary, 0o755)
        self.add("one", PASSES)
        (link / "share/deadrelu").mkdir(parents=True)
        (self.folder / "experiments").rename(link / "share/deadrelu/experiments")
        done = subprocess.run([binary, "reproduce", "--list"], cwd=self.folder, capture_output=True, text=True,
                              check=True)
        self.assertTrue(done.stdout.startswith("one "), done.stdout)


class FullSize(Experiments):
    def setUp(self):
        super().setUp()
        few = "SELECT count(*) FROM runs"
        self.add("one", claim("there are few", few, 8, 8, size="quick"), claim("there are many", few, 20, 20, size="full"),
                 claim("there are some", few, 1))
        (self.folder / "experiments/one/full.json").write_text('// as published\n{"sweep.seeds": 10, "train.steps": 4}')

    def verdicts(self, code, *arguments):
        return [c["verdict"] for c in self.judge(code, *arguments)]

    def test_a_claim_is_judged_at_its_own_size_only(self):
        self.assertEqual(self.verdicts(0, "one"), ["PASS", "NOT JUDGED", "PASS"])
        self.assertEqual(self.verdicts(0, "one", "--full"), ["NOT JUDGED", "PASS", "PASS"])
        text = self.succeed("reproduce", "one")
        self.assertIn("----  there are many\n        published 0.5 (arXiv:0000.00000); not judged at this size, but with --full", text)
        self.assertIn("3 claims: 2 PASS, 0 FAIL, 0 of them firm; 1 not judged at this size\n", text)

    def test_both_sizes_have_results_of_their_own(self):
        self.succeed("reproduce", "one")
        self.succeed("reproduce", "one", "--full")
        self.assertIn("8 of 8 runs recorded", self.succeed("status", "results/one"))
        self.assertIn("20 of 20 runs recorded", self.succeed("status", "results/one-full"))

    def test_other_commands_train_what_full_size_judges(self):
        config = ["experiments/one/config.json", "--set", "@experiments/one/full.json"]
        self.succeed("run", *config, "--out", "results/one-full", "--only", "0-4", "-q")
        self.succeed("run", *config, "--out", "results/one-full", "-q")
        self.assertEqual(self.verdicts(0, "one", "--full"), ["NOT JUDGED", "PASS", "PASS"])
        manifest = json.loads((self.folder / "results/one-full/manifest.json").read_text())
        self.assertEqual((manifest["trained_now"], manifest["complete"]), (0, True))

    def test_keys_can_be_set_for_results_that_are_kept_apart(self):
        self.assertIn("--out", self.fail_with(2, "reproduce", "one", "--set", "train.steps=2"))
        self.judge(0, "one", "--full", "--set", "train.steps=2", "--out", "elsewhere")
        self.assertEqual(self.succeed("query", "elsewhere/one-full", "SELECT DISTINCT steps FROM runs"), "steps\n2\n")
        self.assertIn("did you mean", self.fail_with(2, "reproduce", "one", "--set", "train.stesp=2", "--out", "elsewhere"))

    def test_without_a_full_json_there_is_one_size(self):
        (self.folder / "experiments/one/full.json").unlink()
        self.assertEqual(self.verdicts(3, "one", "--full"), ["PASS", "FAIL", "PASS"])
        self.assertTrue((self.folder / "results/one").exists())

    def test_list_tells_both_numbers_of_runs(self):
        self.assertIn("(20 with --full)", self.succeed("reproduce", "--list"))
        entry = json.loads(self.succeed("reproduce", "--list", "--json"))[0]
        self.assertEqual((entry["runs"], entry["full_runs"]), (8, 20))

    def test_mistakes_in_full_json_are_told_with_their_place(self):
        full = self.folder / "experiments/one/full.json"
        full.write_text('{"train.stesp": 4}')
        self.assertIn("did you mean", self.fail_with(2, "reproduce", "one"))
        full.write_text('["train.steps"]')
        self.assertIn("full.json:1: found a list; allowed: an object of keys to set", self.fail_with(2, "reproduce", "one"))
        full.write_text('{"train.steps": }')
        self.assertIn("full.json:1:", self.fail_with(2, "reproduce", "one"))


class Mistakes(Experiments):
    def test_names_all_or_list_are_asked_for(self):
        self.add("one", PASSES)
        self.assertIn("--all", self.fail_with(2, "reproduce"))
        self.fail_with(2, "reproduce", "one", "--all")

    def test_an_unknown_name_is_told_with_the_nearest(self):
        self.add("born-dead", PASSES)
        self.assertIn("did you mean 'born-dead'?", self.fail_with(2, "reproduce", "born-ded"))

    def test_all_mistakes_of_a_claim_are_told_with_their_place(self):
        self.add("one", {**PASSES, "low": 3, "qurey": "", "firm": "yes", "size": "big"}, {**PASSES, "text": "other", "low": None,
                                                                        "high": None, "why": 3}, PASSES,
                 {**PASSES, "text": "a", "at": 3}, {**PASSES, "text": "b", "at": {"layer": 3}},
                 {**PASSES, "text": "c", "published": "more", "at": {"column": "dead_fraction"}})
        message = self.fail_with(2, "reproduce", "one")
        for part in ("claims.json:1: /0/low: is above", "/0/qurey: unknown key", 'did you mean "query"?', "/0/firm:",
                     '/0/size: found "big"; allowed: "both", "quick", "full"',
                     '/1: gives neither "low" nor "high"', "/1/why:", "/2: has the text of a claim before it",
                     '/3/at: found 3; allowed: an object with a text "column"', "/4/at: found an object; allowed",
                     '/5/at: is where a chart draws a number; allowed: with a number as "published"'):
            self.assertIn(part, message)
        self.assertFalse((self.folder / "results").exists())

    def test_a_wrong_query_names_its_claim(self):
        for query, part in (("SELECT missing FROM runs", "no such column"), ("DELETE FROM run_results", "read"),
                            ("SELECT seed, seed FROM runs", "2 columns"), ("SELECT run_id FROM runs", "a text")):
            self.add("one", claim("the claim", query, 0))
            message = self.fail_with(2, "reproduce", "one")
            self.assertIn("claim \"the claim\"", message)
            self.assertIn(part, message)

    def test_a_missing_claims_file_is_an_input_error(self):
        self.add("one", PASSES)
        (self.folder / "experiments/one/claims.json").unlink()
        self.assertIn("claims.json", self.fail_with(4, "reproduce", "one"))
        self.fail_with(4, "reproduce", "one", "--experiments", "nowhere")


if __name__ == "__main__":
    harness.main()
