"""CSV files as they are found: the same numbers in every dress, what is said of them, and what is refused."""

import csv
import gzip
import importlib.util
import io
import json
import math
import pathlib
import random
import unittest

import harness

WEIGHTS = [0.5, -1.25, 2.0, 0.75]


def config(**data):
    """A linear network with fixed weights, whose loss before the first step tells every number of the file."""
    return {
        "data": {"kind": "csv", "path": "data.csv", **data},
        "model": {"hidden": []},
        "init": {"file": "linear.json"},
        "train": {"batch_size": "full", "steps": 1, "loss": "mse", "precision": "float64"},
    }


def rows_of_numbers(count=40):
    draw = random.Random(3)
    return [[draw.choice([round(draw.gauss(0, 10), 3), draw.randrange(-5, 300), 0.1]) for _ in range(5)] for _ in range(count)]


def loss_of(rows):
    return math.fsum((math.fsum(w * x for w, x in zip(WEIGHTS, row)) - row[4]) ** 2 for row in rows) / len(rows)


class CsvCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.write({"layers": [{"weights": [WEIGHTS], "bias": [0]}]}, "linear.json")

    def put(self, content, name="data.csv"):
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def found(self, keys, *options):
        """What `config --data` says of the one file."""
        [summary] = json.loads(self.succeed("config", self.write(config(**keys)), "--data", *options))["data"]
        return summary

    def loss(self, keys):
        self.train(config(**keys), "out", "--quiet")
        loss = float(self.rows("out/metrics.csv")[0]["train_loss"])
        for path in sorted((self.folder / "out").iterdir()):
            path.unlink()
        return loss


class EveryDress(CsvCase):
    NAMES = ["a", "b c", "c,d", "e;f", "y"]

    def dresses(self, rows):
        """(what it is, bytes, keys of data)"""
        for separator in ",;\t|":
            for decimal in ".,":
                for end in ("\n", "\r\n", "\r"):
                    for header in (True, False):
                        text = io.StringIO()
                        writer = csv.writer(text, delimiter=separator, lineterminator=end,
                                            quoting=random.Random(len(end)).choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
                        if header:
                            writer.writerow(self.NAMES)
                        writer.writerows([str(x).replace(".", decimal) for x in row] for row in rows)
                        keys = {"targets": ["y"]} if header else {"targets": [-1], "header": False}
                        yield repr((separator, decimal, end, header)), text.getvalue(), keys
        plain = "".join(",".join(map(str, row)) + "\n" for row in rows)
        named = "a,b,c,d,y\n" + plain
        by_name = {"targets": ["y"]}
        yield "a byte order mark and sep=", "\ufeffsep=,\r\n" + named.replace("\n", "\r\n"), by_name
        yield "gzip", gzip.compress(named.encode()), by_name
        yield "trailing separators", named.replace("\n", ",\n"), by_name
        yield "blanks", named.replace(",", "  "), by_name
        yield "a table in blanks", "".join("  " + "".join(f"{x:>12}" for x in row) + "  \n" for row in rows), {
            "targets": [5], "header": False}
        yield "comments and blank lines", "# made by hand\n#\n" + named.replace("\n", "\n\n"), by_name
        yield "blanks around cells", named.replace(",", " , "), by_name
        yield "no line end at the end", named[:-1], by_name
        yield "an index", "".join(f"{'' if i == 0 else i - 1},{line}\n" for i, line in enumerate(named.splitlines())), {
            "targets": ["y"], "drop": [1]}
        yield "chosen inputs", "".join("x," + line + ",x\n" for line in named.splitlines()).replace("x,a", "t,a").replace(
            "y,x", "y,z"), {"targets": ["y"], "inputs": ["a", 3, "c", -3]}
        yield "a row to drop", named + "1,2,NA,3,4\n", {**by_name, "missing": "drop"}

    def test_the_numbers_are_the_same(self):
        rows = rows_of_numbers()
        expected = None
        for what, content, keys in self.dresses(rows):
            with self.subTest(what):
                self.put(content)
                loss = self.loss(keys)
                expected = loss if expected is None else expected
                self.assertEqual(loss, expected)
                self.assertAlmostEqual(loss / loss_of(rows), 1, places=12)

    @unittest.skipUnless(importlib.util.find_spec("pandas"), "without pandas")
    def test_pandas_reads_the_same(self):
        import pandas
        frame = pandas.DataFrame(rows_of_numbers(), columns=self.NAMES)
        frame.iloc[3, 1] = float("nan")
        for separator, decimal in ((",", "."), (";", ","), ("\t", ".")):
            text = frame.to_csv(sep=separator, decimal=decimal)
            self.put(text)
            back = pandas.read_csv(io.StringIO(text), sep=separator, decimal=decimal, index_col=0)
            loss = self.loss({"targets": ["y"], "drop": [1], "missing": "mean"})
            self.assertAlmostEqual(loss / loss_of(back.fillna(back.mean()).values.tolist()), 1, places=12)
            loss = self.loss({"targets": ["y"], "drop": [1], "missing": "drop"})
            self.assertAlmostEqual(loss / loss_of(back.dropna().values.tolist()), 1, places=12)

    def test_a_785_column_file_and_words_as_inputs(self):
        names = "label," + ",".join(f"pixel{i}" for i in range(784))
        self.put(names + "\n" + "".join(f"{k % 10}" + f",{k % 256}" * 784 + "\n" for k in range(300)))
        keys = {"targets": ["label"], "task": "classification"}
        done = self.run_program("config", self.write({**config(**keys), "init": {}, "train": {}}), "--data")
        summary = json.loads(done.stdout)["data"][0]
        self.assertEqual((summary["rows"], summary["inputs"], len(summary["classes"])), (300, 784, 10))
        self.put("39, State-gov, Male, 1\n50, Private, Female, 0\n38, Private, Male, 1\n")
        summary = self.found({"targets": [-1], "header": False, "categories": "one_hot"})
        self.assertEqual((summary["inputs"], summary["one_hot_columns"]), (5, ["2", "3"]))


class WhatWasFound(CsvCase):
    FILE = "id;size;kind\n1;0,5;b\n2;?;a\n3;2,5;b\n4;1,5;a\n5;1;a\n"
    KEYS = {"targets": ["kind"], "task": "classification", "missing": "drop"}

    def trained(self, *options):
        self.put(self.FILE)
        small = {"data": {"kind": "csv", "path": "data.csv", **self.KEYS}, "model": {"hidden": [2]},
                 "train": {"steps": 2, "batch_size": 2}, "sweep": {"seeds": 2}}
        return self.run_program("run", self.write(small), "--out", "out", *options)

    def test_run_says_it_in_a_line_and_the_manifest_keeps_it(self):
        done = self.trained()
        self.assertEqual(done.returncode, 0, done.stderr)
        line, warning = done.stderr.splitlines()
        self.assertEqual(line, "deadrelu: data.csv: 4 rows × 2 inputs → kind: 2 classes (a 2, b 2); separator ;; decimal ,; "
                               "header names; dropped rows 1")
        self.assertTrue(warning.startswith("deadrelu: warning: data.csv: the input column 'id' counts the rows from 1 on"))
        manifest = json.loads((self.folder / "out/manifest.json").read_text())
        [summary] = manifest["data"]
        self.assertEqual(summary.pop("warnings")[0], warning.split("data.csv: ")[1])
        self.assertEqual(summary, {
            "files": ["data.csv"], "rows": 4, "inputs": 2, "targets": ["kind"],
            "classes": [{"name": "a", "rows": 2}, {"name": "b", "rows": 2}],
            "separator": ";", "decimal": ",", "header": "names", "dropped_rows": 1,
        })
        shown = json.loads(self.succeed("config", "small.json", "--data", "--json"))
        self.assertEqual(shown, {"data": json.loads((self.folder / "out/manifest.json").read_text())["data"]})

    def test_a_run_that_goes_on_keeps_it(self):
        self.trained()
        before = json.loads((self.folder / "out/manifest.json").read_text())["data"]
        self.assertEqual(self.trained().stderr, "")  # nothing is trained, nothing is read
        self.assertEqual(json.loads((self.folder / "out/manifest.json").read_text())["data"], before)
        self.trained("--set", "sweep.seeds=3")
        self.assertEqual(json.loads((self.folder / "out/manifest.json").read_text())["data"], before)

    def test_merged_shards_keep_it(self):
        for shard in ("0/2", "1/2"):
            self.trained("--shard", shard)
        self.succeed("merge", "out")
        self.assertEqual(len(json.loads((self.folder / "out/manifest.json").read_text())["data"]), 1)

    def test_quiet_runs_are_quiet(self):
        self.assertEqual(self.trained("--quiet").stderr, "")
        self.assertTrue((self.folder / "out/manifest.json").exists())

    def test_generated_data_has_a_summary_too(self):
        config_ = harness.sweep(data={"kind": "blobs", "samples": 30, "inputs": 3, "classes": 3})
        [summary] = json.loads(self.succeed("config", self.write(config_), "--data"))["data"]
        self.assertEqual(summary["classes"], [{"name": str(c), "rows": 10} for c in range(3)])


class ScikitLearn(CsvCase):
    FILES = {
        "iris.csv": (150, 4, {"setosa": 50, "versicolor": 50, "virginica": 50}),
        "wine_data.csv": (178, 13, {"class_0": 59, "class_1": 71, "class_2": 48}),
        "breast_cancer.csv": (569, 30, {"malignant": 212, "benign": 357}),
        "digits.csv.gz": (1797, 64, None),
    }

    def folder_of_files(self):
        spec = importlib.util.find_spec("sklearn")
        places = [*(spec.submodule_search_locations if spec else []), "/usr/lib/python3/dist-packages/sklearn",
                  *map(str, pathlib.Path("/opt/torch/lib").glob("python3*/site-packages/sklearn"))]
        for place in places:
            if (pathlib.Path(place) / "datasets/data/iris.csv").exists():
                return pathlib.Path(place) / "datasets/data"
        return self.skipTest("without scikit-learn's files (Debian: python3-sklearn)")

    def test_its_files_are_read(self):
        folder = self.folder_of_files()
        for name, (rows, inputs, classes) in self.FILES.items():
            with self.subTest(name):
                keys = {"path": str(folder / name), "targets": [-1], "task": "classification"}
                if classes is None:
                    keys["header"] = False
                summary = self.found(keys, "--set", "train.loss=cross_entropy")
                self.assertEqual((summary["rows"], summary["inputs"]), (rows, inputs))
                if classes:
                    self.assertEqual({c["name"]: c["rows"] for c in summary["classes"]}, classes)


class BadFiles(CsvCase):
    """Each is refused with its place, and leaves nothing behind."""

    FILES = [  # content, keys beside the target y, what is said
        ("", {}, "data.csv: is empty"),
        ("a,y\n", {}, "data.csv: has a header but no rows"),
        ("a,y\n1,2\n3\n", {}, "data.csv:3: the row has 1 cells, the header 2"),
        ("a,y\n1,2\n3,4,5\n", {}, "data.csv:3: the row has 3 cells, the header 2"),
        ("a,y\n1,2\nred,4\n", {}, "data.csv:3: column 'a': 'red' is not a finite number"),
        ("a,y\n1,2\n3,\n", {}, "data.csv:3: column 'y': the cell is empty"),
        ("a,y\n?,2\n", {}, "data.csv:2: column 'a': '?' stands for a missing value"),
        ("a,y\n?,2\n", {"missing": "drop"}, "every row misses a value"),
        ("a,y\n?,2\n", {"missing": "mean"}, "data.csv:2: column 'a': every cell is missing"),
        ("a,y\n\"1,234.5\",2\n", {}, "thousands separators are not read"),
        ("a,y\n12%,2\n", {}, "data.csv:2: column 'a': '12%' is not a finite number; percent signs are not read"),
        ("a,y\n2020-01-31,2\n", {}, "data.csv:2: column 'a': '2020-01-31' is not a finite number; dates are not read"),
        ("a,y\n$5,2\n", {}, "currency signs are not read"),
        ("a,y\n1e999,2\n", {}, "data.csv:2: column 'a': '1e999'"),
        ("a;y\n1,234;2\n", {}, "'1,234' may be a fraction or a thousand"),
        ("1,2\n3,4\n", {}, "data.csv:1: the first row ('1', '2') holds only numbers"),
        ("1,2\n3,4\n", {"header": False}, "data.csv:1: column 'y': the file names no columns"),
        ("a,b\n3,4\n", {}, "data.csv:1: column 'y': is not in the header"),
        ("a,y\n3,4\n", {"drop": [7]}, "data.csv:1: there is no column 7"),
        ("a,y\n3,4\n", {"drop": ["a"]}, "data.csv:1: no column is left as an input"),
        ("a,y\n3,4\n", {"drop": ["y"]}, "data.csv:1: column 'y': is named twice"),
        ("y\n3\n", {}, "data.csv:1: there is only one column"),
        ("a,y\n3,4\n", {"delimiter": ";"}, "data.csv:1: there is only one column, with ; as separator"),
        ("a,y\n3,4\n", {"delimiter": "::"}, "/data/delimiter: found \"::\""),
        ("a,y\n3,4\n", {"decimal": ";"}, "/data/decimal: found \";\""),
        ("a,y\n3,\"4\n", {}, "data.csv:2: a quoted cell is not closed"),
        ("a,y\n3,4\"5\n", {}, "data.csv:2: a quote inside a cell"),
        ("a,y\n1,0.5\n2,1\n", {"task": "classification"}, "data.csv:2: column 'y': '0.5' is no class label"),
        ("a,y\n1,x\n2,\n", {"task": "classification"}, "data.csv:3: column 'y': the cell is empty"),
        (b"PK\3\4" + bytes(22) + b"\x0f\0\0\0xl/workbook.xml", {}, "data.csv: is an Excel file (xlsx), not a CSV file"),
        (b"PAR1\x15\0\x15", {}, "data.csv: is a Parquet file, not a CSV file"),
        ("a,y\n1,2\n".encode("utf-16"), {}, "data.csv: is a text in UTF-16, not a CSV file"),
        ("a,y\n1,2\n".encode("utf-16-le"), {}, "data.csv: is a text in UTF-16, not a CSV file"),
        ("@relation x\n@data\n1,2\n", {}, "data.csv: is an ARFF file, not a CSV file"),
        ("<!DOCTYPE html>\n<html>", {}, "data.csv: is an HTML page, not a CSV file"),
        ('[{"a": 1, "y": 2}]', {}, "data.csv: is a JSON file, not a CSV file"),
        (b"\x80\x04\x95\0\0\0", {}, "data.csv: is a pickle, not a CSV file"),
        (b"\x93NUMPY\1\0", {}, "data.csv: is a NumPy file (.npy), not a CSV file"),
        (b"\x89HDF\r\n\x1a\n", {}, "data.csv: is an HDF5 file, not a CSV file"),
        ("1 3:0.5 7:1\n", {}, "data.csv: is a LIBSVM file, not a CSV file"),
        (gzip.compress(b"%PDF-1.7"), {}, "data.csv: is a PDF file, not a CSV file"),
        (gzip.compress(b"a,y\n1,2\n" * 99)[:-12], {}, "data.csv: is a corrupt gzip file"),
    ]

    def test_each_is_refused_with_its_place_and_nothing_is_written(self):
        for content, keys, sentence in self.FILES:
            with self.subTest(content=content, keys=keys):
                self.put(content)
                bad = {"data": {"kind": "csv", "path": "data.csv", "targets": ["y"], **keys}, "model": {"hidden": [2]}}
                before = set(self.folder.iterdir()) | {self.folder / "bad.json"}
                done = self.run_program("run", self.write(bad, "bad.json"), "--out", "out")
                self.assertEqual(done.returncode, 2 if sentence.startswith("/data") else 4, done.stderr)
                self.assertIn(sentence, done.stderr)
                self.assertEqual(set(self.folder.iterdir()), before)

    def test_all_mistakes_are_counted(self):
        self.put("a,y\n" + "x,1\n" * 50 + "1\n")
        said = self.fail_with(4, "run", self.write(config(targets=["y"])), "--out", "out").splitlines()
        self.assertEqual(len(said), 11)
        self.assertEqual(said[-1], "data.csv: 51 mistakes in all: column 'a' 50, 1 rows of another length")


if __name__ == "__main__":
    harness.main()
