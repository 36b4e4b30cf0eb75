"""scripts/compare_tables, by which every script and test compares results: it sees whatever differs."""

import json
import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cli"))

import harness  # noqa: E402


class CompareTables(harness.Case):
    def setUp(self):
        super().setUp()
        self.train(harness.every_table(), "out")
        shutil.copytree(self.folder / "out", self.folder / "other")
        self.names = self.table_names("out")

    def differences(self):
        return harness.compare_tables(self.folder / "out", self.folder / "other")

    def rewrite(self, change):
        path = self.folder / "other/manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest["tables"])
        path.write_text(json.dumps(manifest, indent=2) + "\n")

    def test_the_sweep_has_every_table_that_there_is(self):
        self.assertEqual(sorted(self.columns("out")), sorted({name.split(".")[0] for name in self.names} - {"columns"}))

    def test_a_copy_is_the_same(self):
        self.assertEqual(self.differences(), "")

    def test_a_changed_byte_in_any_table_is_seen(self):
        for name in self.names:
            path = self.folder / "other" / name
            before = path.read_bytes()
            path.write_bytes(before[:-2] + bytes([before[-2] ^ 1]) + before[-1:])
            self.assertIn(f"other/{name} differs from", self.differences())
            path.write_bytes(before)
        self.assertEqual(self.differences(), "")

    def test_a_lost_file_of_any_table_is_seen(self):
        for name in self.names:
            os.rename(self.folder / "other" / name, self.folder / "kept")
            self.assertIn(f"other/{name} differs from", self.differences())
            os.rename(self.folder / "kept", self.folder / "other" / name)

    def test_a_table_that_one_side_lacks_is_seen_from_both(self):
        self.rewrite(lambda tables: tables.append({"name": "lives.csv", "rows": 1, "sha256": ""}))
        self.assertIn("out has no lives.csv", self.differences())
        shutil.copy(self.folder / "out/manifest.json", self.folder / "other/manifest.json")
        self.rewrite(lambda tables: tables.pop(0))
        self.assertIn(f"other has no {self.names[0]}", self.differences())

    def test_a_directory_without_tables_is_no_success(self):
        self.rewrite(lambda tables: tables.clear())
        self.assertIn("other has no runs.csv", self.differences())
        self.assertIn("names no tables", harness.compare_tables(self.folder / "other", self.folder / "other"))
        (self.folder / "other/manifest.json").unlink()
        self.assertNotEqual(self.differences(), "")


if __name__ == "__main__":
    harness.main()
