"""Pictures of results: which there are, and that something is in them."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from deadrelu import Results
from deadrelu.experiments import Experiment
from deadrelu.plot import CHARTS
from deadrelu.program import DeadreluError
from PIL import Image
from results_to_draw import ROOT, call, critical, dead, experiment, remedies, stream, sweep, tasks


SVG = "{http://www.w3.org/2000/svg}"


def drawn_marks(path):
    """How many points, lines and areas of data a drawing has: its axes and texts do not count."""
    drawing = xml.etree.ElementTree.parse(path).getroot()
    groups = [group for group in drawing.iter(f"{SVG}g") if "role-mark" in group.get("class", "")]
    return sum(bool(mark.get("d")) for group in groups for mark in group.iter(f"{SVG}path"))


class Plot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_a_sweep_is_drawn_in_every_chart_that_applies_as_png_and_svg(self):
        code, output, errors = call("plot", sweep(), "--out", self.folder)
        self.assertEqual((code, errors), (0, ""))
        expected = {"dead_fraction", "heat_map", "outcomes", "by_depth", "dead_by_layer", "gradient_by_layer",
                    "survival", "causes", "unit_life", "loss", "activations"}
        self.assertEqual({pathlib.Path(line).name for line in output.split()},
                         {f"{name}.{form}" for name in expected for form in ("png", "svg")})
        for name in expected:
            self.assert_picture(self.folder / f"{name}.png")
            self.assertGreater(drawn_marks(self.folder / f"{name}.svg"), 1, name)

    def test_streams_activations_and_born_dead_networks_have_their_charts(self):
        for results, chart in ((experiment("one-input"), "born_dead"), (experiment("sparsity"), "league"),
                               (stream(), "stream_error"), (tasks(), "task_error"), (remedies(), "remedies"),
                               (critical(), "dose_response")):
            file = self.folder / f"{chart}.png"
            code, output, _ = call("plot", results, "--only", chart, "--out", file)
            self.assertEqual((code, output), (0, f"{file}\n"))
            self.assert_picture(file)

    def test_every_chart_is_json_that_a_browser_reads(self):
        for results in (sweep(), stream(), tasks(), remedies(), critical(), dead()):
            for name, chart in Results(results).plot().items():
                with self.subTest(results=results.name, chart=name):
                    json.dumps(chart.to_dict(), allow_nan=False)

    def test_gradients_that_hardly_differ_are_drawn_beside_exact_zeros(self):
        file = self.folder / "gradients.svg"
        code, _, errors = call("plot", dead(), "--only", "gradient_by_layer", "--out", file)
        self.assertEqual((code, errors), (0, ""))
        self.assertGreater(drawn_marks(file), 1)

    def test_several_charts_in_one_file_stand_below_each_other(self):
        code, _, errors = call("plot", sweep(), "--out", self.folder / "all.png")
        self.assertEqual(code, 2)
        self.assertIn("--only has to name its charts", errors)
        sizes = {}
        for only in ("loss", "dead_fraction", "loss,dead_fraction"):
            code, output, _ = call("plot", sweep(), "--only", only, "--out", self.folder / "some.png")
            self.assertEqual((code, output), (0, f"{self.folder / 'some.png'}\n"))
            with Image.open(self.folder / "some.png") as picture:
                sizes[only] = picture.height
        self.assertGreater(sizes["loss,dead_fraction"], 0.95 * (sizes["loss"] + sizes["dead_fraction"]))

    def test_a_folder_without_results_is_told(self):
        code, _, errors = call("plot", self.folder)
        self.assertEqual(code, 4)
        self.assertIn("no manifest.json here", errors)

    def assert_picture(self, path):
        with Image.open(path) as picture:
            self.assertGreater(min(picture.size), 150, path)
            colours = picture.convert("RGB").getcolors(256)
            self.assertGreater(len(colours), 8, path)
            most = max(count for count, _ in colours)
            self.assertLess(most / (picture.width * picture.height), 0.99, f"{path} is nearly empty")


def claimed(results, *claims):
    """The results as if they were an experiment's: each claim a verdict, a published number and where it is drawn."""
    results = Results(results)
    results.__dict__["experiment"] = Experiment("x", "", [
        {"claim": "it", "source": f"paper {number}", "published": published, "verdict": verdict, "at": at,
         **dict.fromkeys(("measured", "low", "high", "accepted_high")), "accepted_low": 0}
        for number, (verdict, published, at) in enumerate(claims)])
    return results


def rows_of(chart):
    """The rows of published values in the data of a chart, wherever it keeps them."""
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data if row.get("published") is not None]
    names = ("x", "step", "layer", "series", "column", "published", "source", "judged")
    return [{name: row[name] for name in names if row.get(name) is not None} for row in rows]


class Published(unittest.TestCase):
    """What was published stands in the chart of its column, where its claim says."""

    RATE = "train.optimizer.learning_rate"

    def test_an_experiments_numbers_are_those_of_its_claims(self):
        claims = json.loads((ROOT / "experiments/one-input/claims.json").read_text(encoding="utf-8"))
        chart = Results(experiment("one-input")).plot.born_dead()
        self.assertEqual([(row["series"], row["published"], row["judged"]) for row in rows_of(chart)],
                         [(str(claim["at"]["model.width"]), claim["published"], True) for claim in claims])
        self.assertIn(f"◇ published: {claims[0]['source']}", chart.title.subtitle)

    def test_a_point_has_the_place_that_its_claim_gives(self):
        rows = rows_of(claimed(sweep(), ("PASS", 0.5, {"column": "dead_fraction", self.RATE: 0.1, "init.bias": -1}),
                               ("NOT JUDGED", 0.7, {"column": "dead_fraction", self.RATE: 0.2, "init.bias": "−1"}),
                               ("FAIL", 0.1, {"column": "dead_fraction", "init.bias": 0})).plot.dead_fraction())
        self.assertEqual(rows, [
            {"x": 0.1, "series": "−1", "published": 0.5, "source": "paper 0", "judged": True},
            {"x": 0.2, "series": "−1", "published": 0.7, "source": "paper 1", "judged": False},
            {"series": "0", "published": 0.1, "source": "paper 2", "judged": True}])  # a line: at each learning rate

    def test_what_a_claim_does_not_say_holds_for_every_value(self):
        results = claimed(sweep(), ("PASS", 0.5, {"column": "dead_fraction", "step": 100, self.RATE: 0.5, "init.bias": 0}))
        rows = rows_of(results.plot.dead_by_layer())
        self.assertEqual({(row["layer"], row["step"], row["published"]) for row in rows}, {(1, 100, 0.5), (2, 100, 0.5)})

    def test_a_chart_of_the_first_step_has_no_number_of_a_later_one(self):
        at = {"column": "dead_fraction", "layer": 2, self.RATE: 0.1, "init.bias": 0}
        rows = rows_of(claimed(sweep(), ("PASS", 0.5, {**at, "step": 0}), ("PASS", 0.9, {**at, "step": 100}),
                               ("PASS", 0.6, at)).plot.by_depth())
        self.assertEqual([row["published"] for row in rows], [0.5, 0.6])

    def test_other_columns_and_charts_draw_nothing(self):
        chart = claimed(sweep(), ("PASS", 0.5, {"column": "dead_fraction", "layer": 1})).plot.dead_fraction()
        self.assertEqual(rows_of(chart), [])
        self.assertIn("Published: paper 0", chart.title.subtitle)
        self.assertEqual(rows_of(claimed(sweep(), ("PASS", 9, {"column": "sparsity"})).plot.loss()), [])

    def test_a_place_that_is_in_no_run_is_told(self):
        at = {"column": "dead_fraction", "init.bias": -7}
        with self.assertRaisesRegex(DeadreluError, "claim 'it': no run has what \"at\" says"):
            claimed(sweep(), ("PASS", 0.5, at)).plot.dead_fraction()
        self.assertEqual(rows_of(claimed(sweep(), ("NOT JUDGED", 0.5, at)).plot.dead_fraction()), [])

    def test_the_chart_of_claims_has_all_of_them_with_their_verdicts(self):
        results = Results(experiment("dead-layer"))
        [table] = results.plot.claims().to_dict()["datasets"].values()
        self.assertEqual([(row["text"].replace("\n", " "), row["verdict"]) for row in table],
                         [(claim["claim"], claim["verdict"]) for claim in results.experiment.claims])
        for row in table:  # what passes is drawn within what is accepted
            self.assertLessEqual(row["accepted_low"], row["measured"])
            self.assertLessEqual(row["measured"], row["accepted_high"])

    def test_the_chart_of_claims_leaves_out_those_of_the_other_size(self):
        chart = claimed(sweep(), ("PASS", 0.5, {}), ("NOT JUDGED", 0.7, {})).plot.claims()
        self.assertEqual([row["verdict"] for data in chart.to_dict()["datasets"].values() for row in data], ["PASS"])
        self.assertIn("Judged at the other size: 1 more", chart.title.subtitle)
        self.assertNotIn("claims", claimed(sweep(), ("NOT JUDGED", 0.7, {})).plot())

    def test_the_chart_of_claims_says_what_was_published(self):
        chart = claimed(sweep(), *(("PASS", published, {}) for published in (0.12345, "rises", "not published"))).plot.claims()
        [table] = chart.to_dict()["datasets"].values()
        self.assertEqual([row["numbers"].removeprefix("nothing measured, ") for row in table],
                         ["published: 0.1235", "published: rises", "published: nothing"])

    def test_results_of_no_experiment_have_no_chart_of_claims(self):
        self.assertNotIn("claims", Results(sweep()).plot())


class Pictures(unittest.TestCase):
    def test_every_experiment_shows_its_picture_and_how_to_draw_it(self):
        for folder in sorted(path.parent for path in (ROOT / "experiments").glob("*/config.json")):
            name = folder.name
            text = (folder / "README.md").read_text(encoding="utf-8")
            self.assertIn(f"]({name}.png)", text, name)
            command = next(line.split() for line in text.splitlines() if line.startswith("scripts/plot "))
            self.assertEqual(command[1:3] + command[4:],
                             [f"results/{name}", "--only", "--out", f"experiments/{name}/{name}.png"])
            self.assertLessEqual(set(command[3].split(",")), set(CHARTS), name)
            for picture in folder.glob(f"{name}*.png"):
                self.assertLess(picture.stat().st_size, 200_000, picture.name)
                with Image.open(picture) as drawn:  # two pixels for one of the page
                    self.assertLess(drawn.width, 2 * 710, picture.name)

    def test_the_gallery_has_every_experiment_as_its_readme_has_it(self):
        done = subprocess.run([ROOT / "scripts/published_results", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = (ROOT / "experiments/README.md").read_text(encoding="utf-8").split("\n## Gallery\n")[1].split("\n## ")[0]
        for folder in sorted(path.parent for path in (ROOT / "experiments").glob("*/config.json")):
            question = (folder / "README.md").read_text(encoding="utf-8").splitlines()[0]
            self.assertEqual(text.count(f"\n##{question}\n"), 1, folder.name)
            self.assertEqual(text.count(f"]({folder.name}/{folder.name}.png)"), 1, folder.name)

    def test_a_gallery_that_lacks_an_experiment_is_told_and_written(self):
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(ROOT / "experiments", f"{copy}/experiments")
            script = pathlib.Path(copy) / "scripts/published_results"
            script.parent.mkdir()
            shutil.copy(ROOT / "scripts/published_results", script)
            shutil.copytree(f"{copy}/experiments/linear", f"{copy}/experiments/new")
            readme = pathlib.Path(copy) / "experiments/new/README.md"
            readme.write_text("# Is it new?\n\n![It is](new.png)\n", encoding="utf-8")
            pathlib.Path(f"{copy}/experiments/new/linear.png").rename(f"{copy}/experiments/new/new.png")
            for option, code in (("--check", 1), ("--gallery", 0), ("--check", 0)):
                self.assertEqual(subprocess.run([script, option], capture_output=True, check=False).returncode, code)
            self.assertIn("\n### Is it new?\n\nIt is: [new](new/README.md).\n\n![It is](new/new.png)\n",
                          pathlib.Path(f"{copy}/experiments/README.md").read_text(encoding="utf-8"))

    def test_notebooks_are_json_without_outputs(self):
        notebooks = sorted((ROOT / "experiments").glob("*.ipynb"))
        self.assertGreaterEqual(len(notebooks), 4)
        for path in notebooks:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            self.assertFalse([cell["id"] for cell in cells if cell.get("outputs")], path)


if __name__ == "__main__":
    unittest.main()
