"""list, config, schema, explain, activation: what a config means, before anything is trained."""

import json
import math
import os
import re

import harness
from harness import RATE, parse_csv


class List(harness.Case):
    def test_runs_come_in_expansion_order_with_their_swept_values(self):
        rows = parse_csv(self.succeed("list", self.write(harness.sweep())))
        self.assertEqual(list(rows[0]), ["position", "run_id", "seed", RATE, "init.bias"])
        self.assertEqual([row["position"] for row in rows], [str(i) for i in range(12)])
        self.assertEqual([row["seed"] for row in rows[:4]], ["0", "1", "2", "0"])
        self.assertEqual([row["init.bias"] for row in rows[:6]], ["0.0"] * 3 + ["-1.0"] * 3)
        self.assertEqual([row[RATE] for row in rows[5:7]], ["0.1", "0.01"])
        self.assertEqual(len({row["run_id"] for row in rows}), 12)
        self.assertRegex(rows[0]["run_id"], "^[0-9a-f]{16}$")

    def test_a_choice_that_brings_nothing_else_is_listed_by_its_name(self):
        config = harness.sweep()
        config["sweep"]["grid"] = {"data.function": ["abs", {"formula": "x*x"}, {"formula": "a*x", "a": 2}], "model.activation": ["relu", "elu"]}
        rows = parse_csv(self.succeed("list", self.write(config)))[::3]
        self.assertEqual([row["data.function"] for row in rows], ["abs", "abs"] + ['{"formula":"x*x"}'] * 2 + ['{"formula":"a*x","a":2}'] * 2)
        self.assertEqual([row["model.activation"] for row in rows], ["relu", '{"name":"elu","alpha":1}'] * 3)

    def test_json_holds_the_same_as_csv(self):
        config = self.write(harness.sweep())
        for row, object_ in zip(parse_csv(self.succeed("list", config)),
                                json.loads(self.succeed("list", config, "--json")), strict=True):
            self.assertEqual(list(object_), list(row))
            self.assertEqual([str(value) for value in object_.values()], list(row.values()))

    def test_a_config_without_a_sweep_is_one_run(self):
        config = harness.sweep()
        del config["sweep"]
        self.assertEqual(len(parse_csv(self.succeed("list", self.write(config)))), 1)

    def test_a_config_comes_from_standard_input(self):
        text = json.dumps(harness.sweep())
        self.assertEqual(self.succeed("list", "-", stdin=text), self.succeed("list", self.write(text)))

    def test_set_changes_one_key(self):
        rows = parse_csv(self.succeed("list", self.write(harness.sweep()), "--set", "sweep.seeds=[7]", "--set",
                                      "train.steps=3"))
        self.assertEqual([row["seed"] for row in rows], ["7"] * 4)

    def test_a_set_value_may_start_with_a_bracket_or_a_minus(self):
        config = harness.sweep()
        del config["sweep"]
        text = self.succeed("config", self.write(config), "--set", "model.hidden=[3,4]", "--set=data.offset=-2")
        self.assertEqual(json.loads(text)["model"]["hidden"], [3, 4])
        self.assertEqual(json.loads(text)["data"]["offset"], -2)


class Config(harness.Case):
    def test_the_resolved_config_loads_again_to_the_same_run_ids(self):
        config = self.write(harness.sweep())
        resolved = self.write(self.succeed("config", config, "--set", "train.steps=33"), "resolved.json")
        self.assertEqual(self.succeed("list", resolved), self.succeed("list", config, "--set", "train.steps=33"))
        self.assertEqual(self.succeed("config", resolved), (self.folder / resolved).read_text())

    def test_json_is_the_same_on_one_line(self):
        for command in (["config", self.write(harness.sweep())], ["schema"]):
            line = self.succeed(*command, "--json")
            self.assertEqual(line.count("\n"), 1)
            self.assertEqual(json.loads(line), json.loads(self.succeed(*command)))

    def test_defaults_are_filled_in(self):
        resolved = json.loads(self.succeed("config", self.write(harness.sweep())))
        self.assertEqual(resolved["train"]["loss"], "mse")
        self.assertIn("thresholds", resolved["record"])

    def test_all_mistakes_are_reported_at_once_with_file_line_and_pointer(self):
        text = """{
          "data": { "kind": "function", "function": "abs" },
          // a comment
          "model": { "hidden": [4], "activtion": "relu" },
          "train": { "steps": -1,
                     "loss": "mes" }
        }"""
        errors = self.fail_with(2, "run", self.write(text, "wrong.json")).splitlines()
        self.assertEqual(len(errors), 3)
        for error, place, hint in zip(errors, ("4: /model/activtion: ", "5: /train/steps: ", "6: /train/loss: "),
                                      ("activation", "-1", "mse"), strict=True):
            self.assertTrue(error.startswith("wrong.json:" + place), error)
            self.assertIn(hint, error)
        self.assertEqual(os.listdir(self.folder), ["wrong.json"])

    def test_a_mistake_in_a_set_names_the_set(self):
        error = self.fail_with(2, "run", self.write(harness.sweep()), "--set", "train.steps=many")
        self.assertTrue(error.startswith("--set train.steps=many: "), error)

    def test_a_mistake_on_standard_input_names_it(self):
        self.assertIn("standard input:1: ", self.fail_with(2, "config", "-", stdin='{"data": 3}'))

    def test_the_default_batch_takes_all_of_a_smaller_training_split(self):
        four = {"kind": "points", "inputs": [[0], [1], [2], [3]], "targets": [[0], [1], [2], [3]]}
        table = {"kind": "csv", "path": "four.csv", "targets": ["y"]}
        self.write("x,y\n0,0\n1,1\n2,2\n3,3\n", "four.csv")
        losses = {}
        for name, data, train in (("points", four, {}), ("csv", table, {}), ("full", four, {"batch_size": "full"})):
            config = {"data": data, "model": {"hidden": [3]}, "train": {"steps": 7, **train}}
            self.train(config, name)
            losses[name] = [row["batch_loss"] for row in self.rows(f"{name}/metrics.csv")]
            resolved = self.succeed("config", self.write(config))  # loads again to the same runs
            self.assertEqual(json.loads(resolved)["train"].get("batch_size"), None if name == "csv" else "full")
            again = parse_csv(self.succeed("list", self.write(json.loads(resolved))))
            self.assertEqual([row["run_id"] for row in again], [row["run_id"] for row in self.rows(f"{name}/runs.csv")])
        self.assertEqual(losses["points"], losses["full"])
        self.assertEqual(losses["csv"], losses["full"])
        given = {"data": table, "model": {"hidden": [3]}, "train": {"batch_size": 32}}
        self.assertIn("only 4 examples", self.fail_with(2, "run", self.write(given), "--out", "given"))

    def test_the_schema_is_json_schema_draft_7(self):
        schema = json.loads(self.succeed("schema"))
        self.assertIn("draft-07", schema["$schema"])
        self.assertIn("sweep", schema["properties"])


class Explain(harness.Case):
    def test_without_a_name_every_key_and_column_is_listed(self):
        text = self.succeed("explain")
        for name in ("train.steps", "data.kind", "layers.dormant_fraction", "runs.born_dead", "metrics.epoch"):
            self.assertIn(f"\n{name}\n", "\n" + text)

    def test_a_last_part_explains_every_key_and_column_that_has_it(self):
        names = [topic["name"] for topic in json.loads(self.succeed("explain", "learning_rate", "--json"))]
        self.assertEqual(names, [RATE, RATE, "metrics.learning_rate"])  # lion has a default of its own

    def test_a_full_name_explains_that_alone(self):
        text = self.succeed("explain", "train.steps")
        self.assertIn("config key", text)
        self.assertIn("default: 1000", text)
        self.assertEqual(text.count("(config key)"), 1)

    def test_a_table_explains_its_columns(self):
        self.train(harness.sweep(), "out")
        names = [topic["name"] for topic in self.topics("layers") if topic["kind"] == "column"]
        self.assertEqual(names, [*("layers." + column for column in self.columns("out")["layers"]), "parameters.layers"])

    def topics(self, *arguments):
        return json.loads(self.succeed("explain", *arguments, "--json"))

    def test_every_meaning_of_a_name_is_explained(self):
        for name, kinds in {"status": ["command", "column"], "seed": ["key", "key", "column"], "run": ["command"],
                            "silu": ["value"], "layers": ["value", "table", "key"]}.items():
            with self.subTest(name):
                topics = self.topics(name)
                self.assertEqual([topic["kind"] for topic in topics][:len(kinds)], kinds)
                self.assertTrue(all(topic["meaning"] for topic in topics))

    def test_every_name_that_is_also_a_command_is_explained(self):
        for name in re.findall(r"^  (\w+)  ", self.succeed("--help").partition("Subcommands:")[2], re.MULTILINE):
            self.assertIn(f"{name}  (command)", self.succeed("explain", name))

    def test_another_librarys_word_is_answered_with_ours(self):
        self.assertIn("'lr'; here it is called train.optimizer.learning_rate", self.fail_with(2, "explain", "lr"))
        self.assertIn("'swish'; here it is called \"silu\" (model.activation)", self.fail_with(2, "explain", "swish"))

    def test_every_column_has_a_unit_a_meaning_and_a_definition_or_says_it_all(self):
        for topic in json.loads(self.succeed("explain", "--json")):
            self.assertTrue(topic["meaning"], topic["name"])

    def test_an_unknown_name_is_answered_with_the_nearest_one(self):
        self.assertIn("did you mean 'dead_fraction'?", self.fail_with(2, "explain", "dead_fracton"))


class Activation(harness.Case):
    def graph(self, *arguments):
        rows = parse_csv(self.succeed("activation", *arguments))
        return [tuple(float(row[name]) for name in ("x", "value", "derivative")) for row in rows]

    def test_relu_has_21_points_from_minus_10_to_10(self):
        graph = self.graph("relu")
        self.assertEqual(graph, [(x, max(x, 0.0), float(x > 0)) for x in map(float, range(-10, 11))])

    def test_range_and_number_of_points_are_options(self):
        graph = self.graph("tanh", "--from", "-1", "--to", "1", "--points", "1001")
        self.assertEqual((len(graph), graph[0][0], graph[-1][0]), (1001, -1, 1))
        for x, value, derivative in graph:
            self.assertAlmostEqual(value, math.tanh(x), delta=1e-14)
            self.assertAlmostEqual(derivative, 1 - math.tanh(x) ** 2, delta=1e-14)

    def test_the_numbers_of_an_activation_are_set_as_in_a_config(self):
        def one(name, key, x):
            return self.graph(name, "--set", f"model.{key}", f"--from={x}", "--points=1")

        self.assertEqual(one("leaky_relu", "activation.slope=0.25", -2), [(-2, -0.5, 0.25)])
        self.assertEqual(one("relu", "derivative_at_zero=0.5", 0), [(0, 0, 0.5)])
        value = one("elu", "activation.alpha=3", -1)[0][1]
        self.assertAlmostEqual(value, 3 * math.expm1(-1), delta=1e-14)

    def test_json_holds_the_same_as_csv(self):
        objects = json.loads(self.succeed("activation", "gelu", "--json"))
        self.assertEqual([tuple(o.values()) for o in objects], self.graph("gelu"))

    def test_an_expression_has_a_graph(self):
        options = ["--set", "model.activation.formula=max(0, x) + a*x^2", "--set", "model.activation.a=0.5",
                   "--set", "model.derivative_at_zero=0.25", "--from=-1", "--to=1", "--points=3"]
        self.assertEqual(self.graph("expression", *options), [(-1, 0.5, -1), (0, 0, 0.25), (1, 1.5, 2)])
        error = self.fail_with(2, "activation", "expression", "--set", "model.activation.formula=max(0, x")
        self.assertIn("/model/activation/formula: column 9", error)

    def test_crelu_shows_its_first_output(self):
        self.assertEqual(self.graph("crelu"), self.graph("relu"))

    def test_maxout_has_no_graph(self):
        self.assertIn("maxout has no graph", self.fail_with(2, "activation", "maxout"))

    def test_an_unknown_name_is_answered_with_the_nearest_one(self):
        error = self.fail_with(2, "activation", "gleu")
        self.assertTrue(error.startswith("deadrelu: "), error)
        self.assertIn("gelu", error)

    def test_a_number_of_another_activation_is_refused(self):
        setting = "model.activation.slope=0.1"
        error = self.fail_with(2, "activation", "relu", "--set", setting)
        self.assertTrue(error.startswith(f"--set {setting}: /model/activation"), error)

    def test_wrong_numbers_are_refused(self):
        for options in (["--points", "0"], ["--points", "x"], ["--from", "nan"], ["--to", "1e999"]):
            self.fail_with(2, "activation", "relu", *options)


if __name__ == "__main__":
    harness.main()
