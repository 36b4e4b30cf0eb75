"""Pictures of results: which there are, and that something is in them."""

import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from deadrelu import Results
from deadrelu.plot import CHARTS
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

    def test_one_file_for_several_charts_is_a_mistake(self):
        code, _, errors = call("plot", sweep(), "--out", self.folder / "all.png")
        self.assertEqual(code, 2)
        self.assertIn("--only has to name its chart", errors)

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


class Pictures(unittest.TestCase):
    def test_every_experiment_shows_its_picture_and_how_to_draw_it(self):
        for folder in sorted(path.parent for path in (ROOT / "experiments").glob("*/config.json")):
            name = folder.name
            text = (folder / "README.md").read_text(encoding="utf-8")
            self.assertIn(f"]({name}.png)", text, name)
            command = next(line.split() for line in text.splitlines() if line.startswith("scripts/plot "))
            self.assertEqual(command[1:3] + command[4:],
                             [f"results/{name}", "--only", "--out", f"experiments/{name}/{name}.png"])
            self.assertIn(command[3], CHARTS)
            self.assertLess((folder / f"{name}.png").stat().st_size, 70_000, name)

    def test_notebooks_are_json_without_outputs(self):
        notebooks = sorted((ROOT / "experiments").glob("*.ipynb"))
        self.assertGreaterEqual(len(notebooks), 4)
        for path in notebooks:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            self.assertFalse([cell["id"] for cell in cells if cell.get("outputs")], path)


if __name__ == "__main__":
    unittest.main()
