"""The version stands in CMakeLists.txt; what cannot read it there agrees with it."""

import pathlib
import re
import subprocess
import sys
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


VERSION = re.search(r"^project\(deadrelu VERSION ([\d.]+)", text("CMakeLists.txt"), re.MULTILINE)[1]


class Version(unittest.TestCase):
    def test_the_citation_is_of_this_version(self):
        self.assertEqual(re.search(r"^version: (.*)$", text("CITATION.cff"), re.MULTILINE)[1], VERSION)

    def test_the_newest_entry_of_the_changelog_is_this_version(self):
        headings = re.findall(r"^## \[(.*?)\]", text("CHANGELOG.md"), re.MULTILINE)
        self.assertEqual(headings[:2], ["Unreleased", VERSION])

    def test_the_wheel_takes_it_from_there(self):
        project = tomllib.loads(text("pyproject.toml"))
        source = project["tool"]["scikit-build"]["metadata"]["version"]
        self.assertEqual(re.search(source["regex"], text(source["input"]))["value"], VERSION)
        self.assertNotIn("version", project["project"])

    def test_the_program_says_it(self):
        said = subprocess.run([sys.argv[1], "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, f"deadrelu {VERSION}\n")


if __name__ == "__main__":
    unittest.main(argv=[__file__])
