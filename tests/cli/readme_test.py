"""The README against the program: its commands, names, messages and first results; and the links of all prose."""

import json
import pathlib
import re

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md",
         *(path for folder in ("src", "configs", "scripts", "experiments") for path in (ROOT / folder).rglob("*.md"))]


def block(start):
    """The lines of the README's console text from the line that starts so to the end of its fence."""
    return README[README.index("\n" + start) + 1:].split("\n```")[0].splitlines()


def section(heading):
    return README.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def anchors(text):
    """The names of a text's headings in links, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Readme(harness.Case):
    def topics(self):
        return json.loads(self.succeed("explain", "--json"))

    def test_it_is_read_in_ten_minutes(self):
        self.assertLessEqual(len(README.splitlines()), 250)

    def test_the_table_of_commands_has_each_command_of_the_program(self):
        commands = self.succeed("--help").split("Subcommands:\n")[1].split("\n\n")[0]
        named = re.findall(r"`([a-z]+)[^`]*`", "".join(re.findall(r"^(\|[^|]*\|)", section("Commands"), re.MULTILINE)))
        self.assertEqual(sorted(named), sorted(line.split()[0] for line in commands.splitlines()))

    def test_kinds_of_data_activations_and_optimizers_are_all_named(self):
        text = section("A first experiment")
        types = {topic["name"]: topic["type"] for topic in self.topics() if topic["kind"] == "key"}
        for key in ("data.kind", "model.activation.name", "train.optimizer.name"):
            for name in types[key].removeprefix("one of ").split(", "):
                self.assertIn(f"`{name}`", text, key)

    def test_the_table_of_results_has_each_table_of_the_program(self):
        tables = {topic["name"].split(".")[0] for topic in self.topics() if topic["kind"] == "column"}
        self.assertEqual(set(re.findall(r"^\| `(\w+)\.(?:csv|jsonl)` \|", section("Results"), re.MULTILINE)), tables | {"summary"})

    def test_the_first_experiment_expands_to_as_many_runs_as_it_says(self):
        config = "\n".join(section("A first experiment").split("```jsonc\n")[1].split("\n```")[0].splitlines())
        factors = re.search(r"// (\d+) learning rates × (\d+) biases × (\d+) seeds", config)
        runs = harness.parse_csv(self.succeed("list", "-", stdin=config))
        self.assertEqual(len(runs), int(factors[1]) * int(factors[2]) * int(factors[3]))

    def test_the_mistakes_are_told_in_its_words(self):
        bad = '{"data": {"kind": "function"}, "model": {"hiden": [16]}, "train": {"steps": 1.5}}'
        self.assertEqual(self.fail_with(2, "run", self.write(bad, "bad.json")).splitlines(), block("$ deadrelu run bad.json")[1:])

    def test_the_quickstart_gives_the_results_at_its_top(self):
        (self.folder / "configs").symlink_to(ROOT / "configs")
        said = block("$ deadrelu run configs/quickstart.json")
        self.assertEqual(self.succeed("run", "configs/quickstart.json").splitlines(), said[1:2])
        self.assertEqual(said[2], "$ deadrelu show results/quickstart")
        shown = self.succeed("show", "results/quickstart").splitlines()
        self.assertEqual(shown[:len(said) - 4], said[3:-1])

    def test_times_are_those_of_the_whole_table(self):
        def rows(text):
            cells = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
            return {row[0]: [cell.split(" ")[0] for cell in row[1:]] for row in cells}
        whole = rows((ROOT / "scripts/README.md").read_text(encoding="utf-8").split("<!-- bench_peers")[1])
        short = rows(section("How fast"))
        self.assertGreater(len(short), 5)
        self.assertEqual(short, {name: whole.get(name) for name in short})


class Links(harness.Case):
    def test_every_link_leads_to_a_file_and_a_heading(self):
        for path in PROSE:
            for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
                if "://" in target:
                    continue
                name, _, anchor = target.partition("#")
                file = path.parent / name if name else path
                with self.subTest(f"{path.relative_to(ROOT)}: {target}"):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    harness.main()
