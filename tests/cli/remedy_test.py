"""Remedies by their short names, from the config to every table and view; and what cannot be adjusted."""

import harness


def config(**more):
    return {"data": {"kind": "function", "samples": 32}, "model": {"hidden": [4]}, "train": {"steps": 20},
            "record": {"every": 10}, **more}


class Remedies(harness.Case):
    NAMES = ["none", "l2_init", "l2_init(strength=0.1)", "l1+clip_weights(kappa=0.5)"]

    def test_short_names_stand_in_every_table_and_view(self):
        self.train(config(sweep={"grid": {"remedy": [
            "none", "l2_init", {"penalty": {"name": "l2_init", "strength": 0.1}},
            {"penalty": "l1", "clip_weights": {"kappa": 0.5}}]}, "seeds": 2}), "out")
        rows = self.rows("out/runs.csv")
        self.assertEqual([row["remedy"] for row in rows], [name for name in self.NAMES for _ in range(2)])
        for row in rows:
            clips = "clip_weights" in row["remedy"]
            self.assertEqual(row["clipped_initially"] != "", clips)
            self.assertTrue(not clips or float(row["clipped_initially"]) > 0.2)  # he: P(|N(0, 2)| > 1/2) and above
        shown = self.succeed("show", "out")
        listed = self.succeed("list", "out.json")
        for name in self.NAMES:
            self.assertIn(name, shown)
            self.assertIn(name, listed)
        self.assertEqual(len(self.succeed("list", "out.json", "--set", 'sweep.exclude=[{"remedy": "l2_init"}]')
                             .splitlines()), len(listed.splitlines()) - 2)

    def test_a_run_that_cannot_be_adjusted_says_why_and_the_others_train(self):
        file = self.write(config(init={"adjust": "lsuv"}, model={"hidden": [4, 3]},
                                 sweep={"grid": {"init.bias": [0, -1e4]}}))
        self.assertIn("lsuv divides the weights of layer 2", self.fail_with(1, "run", file, "--out", "out"))
        self.assertEqual([float(row["init.bias"]) for row in self.rows("out/runs.csv")], [0])


if __name__ == "__main__":
    harness.main()
