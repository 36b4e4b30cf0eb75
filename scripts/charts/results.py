"""A result directory: its tables, its manifest, and the axes along which it was swept."""

import json
import math
import numbers
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
    "model.derivative_at_zero": "derivative of ReLU at zero",
    "model.depth": "hidden layers",
    "model.hidden": "widths of the hidden layers",
    "model.width": "units per hidden layer",
    "train.batch_size": "batch size (examples)",
    "data.target_scale": "scale of the targets",
    "train.optimizer.momentum": "momentum",
    "train.precision": "precision",
    "train.schedule.until": "large steps until (share of the training)",
    "data.domain": "interval of the inputs",
    "data.function": "target function",
    "data.samples": "examples",
}


MOST_LINES = 8


class ResultsError(Exception):
    """What is wrong with a result directory, for its user."""


@dataclass(frozen=True)
class Axis:
    """One swept config key, with the values it takes in the sweep's order."""

    path: str
    values: tuple
    numeric: bool
    name: str = ""

    @property
    def title(self):
        return self.name or TITLES.get(self.path, " ".join(self.path.split(".")[-2:]).replace("_", " "))

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
        """The swept keys that take several values, without those that another one decides."""
        values = {path: tuple(self.runs[path].unique()) for path in _swept(self.runs)}
        values = {path: found for path, found in values.items() if len(found) > 1}
        paths = list(values)
        kept = [path for place, path in enumerate(paths)
                if not any(self._decides(other, path) and (len(values[other]) > len(values[path]) or earlier < place)
                           for earlier, other in enumerate(paths) if other != path)]
        numeric = {path: pd.api.types.is_numeric_dtype(self.runs[path]) for path in kept}
        return [Axis(path, tuple(sorted(values[path])) if numeric[path] else values[path], numeric[path])
                for path in kept]

    @cached_property
    def settings(self):
        """Per run its values on all axes as text, `16-16 · relu`; empty where nothing is swept."""
        columns = [self.runs[axis.path].map(label) for axis in self.axes]
        return pd.Series([" · ".join(values) for values in zip(*columns)] if columns else "", index=self.runs.index)

    @cached_property
    def lines(self):
        """The axes of line charts: those of the sweep; where these are no grid, one axis of its few settings."""
        settings = tuple(self.settings.unique())
        if len(settings) < math.prod(len(axis.values) for axis in self.axes) and len(settings) <= MOST_LINES:
            return [Axis("setting", settings, False, " · ".join(axis.title for axis in self.axes))]
        return self.axes

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

    def _decides(self, known, path):
        pairs = self.runs[[known, path]].drop_duplicates()
        return len(pairs) == self.runs[known].nunique()

    def _read(self, table):
        path = self.directory / f"{table}.csv"
        return pd.read_csv(path, dtype={"run_id": str}) if path.is_file() else None

    def _joined(self, table):
        frame = self._read(table)
        if frame is None or frame.empty:
            return None
        runs = self.runs[["run_id", *(axis.path for axis in self.axes)]].assign(setting=self.settings)
        return frame.merge(runs, on="run_id", validate="many_to_one")


def _swept(runs):
    columns = list(runs.columns)
    return columns[columns.index("seed") + 1 : columns.index("status")]


def _readable(column):
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        if column.notna().all():
            return column
        return column.map(lambda value: "none" if pd.isna(value) else f"{value:g}")
    values = column.astype(object)
    found = [parsed for parsed in map(_parsed, values.unique()) if isinstance(parsed, dict)]
    texts = {value: _text(_parsed(value), found) for value in values.unique()}
    return values.map(lambda value: texts.get(value, "none"))


def _parsed(value):
    return json.loads(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


def _text(value, others):
    """A swept value for a person: a list of widths as 16-16, an object by its name and by what tells it from others."""
    if isinstance(value, dict):
        return readable_object(value, [other for other in others if _head(other) == _head(value)])
    if isinstance(value, list) and not value:
        return "none"
    if isinstance(value, list):
        widths = all(isinstance(item, int) and item > 0 for item in value)
        return "-".join(map(str, value)) if widths else f"[{', '.join(_text(item, []) for item in value)}]"
    return "none" if value is None else label(value)


def label(value):
    """A swept value as a label."""
    if isinstance(value, bool) or not isinstance(value, numbers.Number):
        return str(value)
    return "none" if pd.isna(value) else f"{value:.4g}".replace("-", "−")


def readable_object(value, others):
    """A config object as text, such as elu (alpha 1): its name, and the keys in which it differs from `others`."""
    details = [f"{key} {_text(item, [])}" for key, item in value.items()
               if key not in ("name", "kind") and any(other.get(key) != item for other in others)]
    return " ".join([_head(value), f"({', '.join(details)})" if details else ""]).strip()


def _head(value):
    return str(value.get("name", value.get("kind", "")))
