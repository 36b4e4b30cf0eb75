"""A result directory: its tables, its manifest, and the axes along which it was swept."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

# Axis titles for the keys that are swept most; any other key is shown by its last words.
TITLES = {
    "train.optimizer.learning_rate": "learning rate",
    "train.optimizer.name": "optimizer",
    "init.bias": "initial bias",
    "init.gain": "gain of the initial weights",
    "init.weights": "initial weights",
    "model.activation": "activation",
    "model.depth": "hidden layers",
    "model.width": "units per hidden layer",
    "train.batch_size": "batch size (examples)",
    "data.target_scale": "scale of the targets",
    "data.samples": "examples",
}


class ResultsError(Exception):
    """What is wrong with a result directory, for its user."""


@dataclass(frozen=True)
class Axis:
    """One swept config key, with the values it takes in the sweep's order."""

    path: str
    values: tuple
    numeric: bool

    @property
    def title(self):
        return TITLES.get(self.path, " ".join(self.path.split(".")[-2:]).replace("_", " "))

    @property
    def logarithmic(self):
        """Whether the values are positive and span a factor of 20 or more."""
        return self.numeric and min(self.values) > 0 and max(self.values) >= 20 * min(self.values)


class Results:
    """Reads `directory`; its tables are read when they are first asked for, and are None where it has none.

    Raises ResultsError where the directory holds no recorded run.
    """

    def __init__(self, directory):
        self.directory = Path(directory)
        if not (self.directory / "runs.csv").is_file():
            raise ResultsError(f"{directory}: no runs.csv here; a directory that `deadrelu run` wrote has one")
        if self.runs.empty:
            raise ResultsError(f"{directory}: runs.csv has no run yet")

    @cached_property
    def manifest(self):
        path = self.directory / "manifest.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @property
    def config(self):
        return self.manifest.get("config", {})

    @property
    def name(self):
        return self.config.get("name") or self.directory.resolve().name

    @cached_property
    def columns(self):
        """Per table its columns: name, type, unit, meaning, definition."""
        path = self.directory / "columns.json"
        return json.loads(path.read_text(encoding="utf-8"))["tables"] if path.is_file() else {}

    @cached_property
    def runs(self):
        """runs.csv, its swept columns as numbers or as names that a person can read."""
        runs = self._read("runs")
        for path in _swept(runs):
            runs[path] = _readable(runs[path])
        return runs

    @cached_property
    def axes(self):
        """The swept keys that take several values; of keys that move together only the first."""
        axes = []
        for path in _swept(self.runs):
            values = tuple(self.runs[path].unique())
            if len(values) > 1 and not any(self._moves_with(axis.path, path) for axis in axes):
                numeric = pd.api.types.is_numeric_dtype(self.runs[path])
                axes.append(Axis(path, tuple(sorted(values)) if numeric else values, numeric))
        return axes

    @cached_property
    def metrics(self):
        return self._joined("metrics")

    @cached_property
    def layers(self):
        return self._joined("layers")

    @cached_property
    def units(self):
        return self._joined("units")

    @cached_property
    def stream(self):
        return self._joined("stream")

    def axis(self, path):
        """The axis of that config key, None where it is not swept."""
        return next((axis for axis in self.axes if axis.path == path), None)

    def setting(self, path, default=None):
        """What the config gives for a key that is not swept."""
        value = self.config
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                return default
            value = value[key]
        return value

    def swept_json(self, path):
        """The values of a swept key as the config has them, objects as dicts; None where it is not swept."""
        raw = self._read("runs")
        if path not in raw:
            return None
        return [json.loads(value) if str(value).startswith("{") else {"name": value} for value in raw[path].unique()]

    def _moves_with(self, known, path):
        pairs = self.runs[[known, path]].drop_duplicates()
        return len(pairs) == self.runs[known].nunique()

    def _read(self, table):
        path = self.directory / f"{table}.csv"
        return pd.read_csv(path, dtype={"run_id": str}) if path.is_file() else None

    def _joined(self, table):
        frame = self._read(table)
        if frame is None or frame.empty:
            return None
        paths = [axis.path for axis in self.axes]
        return frame.merge(self.runs[["run_id", *paths]], on="run_id", validate="many_to_one")


def _swept(runs):
    columns = list(runs.columns)
    return columns[columns.index("seed") + 1 : columns.index("status")]


def _readable(column):
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        if column.notna().all():
            return column
        return column.map(lambda value: "none" if pd.isna(value) else f"{value:g}")
    return column.astype(object).map(readable_value)


def readable_value(value):
    """A swept value as text: {"name":"elu","alpha":1} becomes elu (alpha 1)."""
    if not isinstance(value, str):
        return "none" if pd.isna(value) else str(value)
    if not value.startswith(("{", "[")):
        return value
    parsed = json.loads(value)
    if isinstance(parsed, list):
        return "-".join(str(item) for item in parsed)
    details = [f"{key} {item:.3g}" if isinstance(item, (int, float)) else f"{key} {item}"
               for key, item in parsed.items() if key != "name"]
    return " ".join([str(parsed.get("name", "")), f"({', '.join(details)})" if details else ""]).strip()
