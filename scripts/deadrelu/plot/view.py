"""A result directory: its tables, its manifest, and the axes along which it was swept."""

from __future__ import annotations

import json
import math
import numbers
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ..program import DeadreluError
from ..results import Results

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


@dataclass(frozen=True)
class Axis:
    """One swept config key, with the values it takes in the sweep's order."""

    path: str
    values: tuple[Any, ...]
    numeric: bool
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or TITLES.get(self.path, " ".join(self.path.split(".")[-2:]).replace("_", " "))

    @property
    def logarithmic(self) -> bool:
        """Whether the values are positive and span a factor of 20 or more."""
        return self.numeric and min(self.values) > 0 and max(self.values) >= 20 * min(self.values)


class View:
    """Results as charts show them: swept values as a person reads them, and the axes along which they were swept.

    Raises DeadreluError where no run is recorded.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        if results.runs.empty:
            raise DeadreluError(f"{results.directory}: no run is recorded yet")
        self._tables: dict[str, pd.DataFrame | None] = {}

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The runs, their swept columns as numbers or as names that a person can read."""
        runs = _plain(self.results.runs)
        for path in self.results.swept:
            runs[path] = _readable(runs[path])
        return runs

    @cached_property
    def axes(self) -> list[Axis]:
        """The swept keys that take several values, without those that another one decides."""
        values = {path: tuple(self.runs[path].unique()) for path in self.results.swept}
        values = {path: found for path, found in values.items() if len(found) > 1}
        paths = list(values)
        kept = [path for place, path in enumerate(paths)
                if not any(self._decides(other, path) and (len(values[other]) > len(values[path]) or earlier < place)
                           for earlier, other in enumerate(paths) if other != path)]
        numeric = {path: pd.api.types.is_numeric_dtype(self.runs[path]) for path in kept}
        return [Axis(path, tuple(sorted(values[path])) if numeric[path] else values[path], numeric[path])
                for path in kept]

    @cached_property
    def settings(self) -> pd.Series[str]:
        """Per run its values on all axes as text, `16-16 · relu`; empty where nothing is swept."""
        columns = [self.runs[axis.path].map(label) for axis in self.axes]
        return pd.Series([" · ".join(values) for values in zip(*columns)] if columns else "", index=self.runs.index)

    @cached_property
    def lines(self) -> list[Axis]:
        """The axes of line charts: those of the sweep; where these are no grid, one axis of its few settings."""
        settings = tuple(self.settings.unique())
        if len(settings) < math.prod(len(axis.values) for axis in self.axes) and len(settings) <= MOST_LINES:
            return [Axis("setting", settings, False, " · ".join(axis.title for axis in self.axes))]
        return self.axes

    def table(self, name: str) -> pd.DataFrame | None:
        """A table with the axes and the setting of each row's run; None where it has no rows."""
        if name not in self._tables:
            frame = _plain(getattr(self.results, name))
            runs = self.runs[["run_id", *(axis.path for axis in self.axes)]].assign(setting=self.settings)
            self._tables[name] = None if frame.empty else frame.merge(runs, on="run_id", validate="many_to_one")
        return self._tables[name]

    def axis(self, path: str) -> Axis | None:
        """The axis of that config key, None where it is not swept."""
        return next((axis for axis in self.axes if axis.path == path), None)

    def setting(self, path: str, default: Any = None) -> Any:
        """What the config gives for a key that is not swept."""
        value: Any = self.results.config
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                return default
            value = value[key]
        return value

    def values(self, path: str) -> list[Any]:
        """The values of a key as the config has them, lists and objects too: of the sweep, or the one that is set."""
        if path not in self.results.swept:
            return [self.setting(path)]
        return [_parsed(value) for value in self.results.runs[path].unique()]

    def _decides(self, known: str, path: str) -> bool:
        pairs = self.runs[[known, path]].drop_duplicates()
        return len(pairs) == self.runs[known].nunique()


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """With NumPy's numbers, NaN where one is missing."""
    return frame.astype({name: "float64" for name, kind in frame.dtypes.items() if str(kind) == "Int64"})


def _readable(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        if column.notna().all():
            return column
        return column.map(lambda value: "none" if pd.isna(value) else f"{value:g}")
    values = column.astype(object)
    found = [parsed for parsed in map(_parsed, values.unique()) if isinstance(parsed, dict)]
    texts = {value: _text(_parsed(value), found) for value in values.unique()}
    return values.map(lambda value: texts.get(value, "none"))


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


def _text(value: Any, others: list[dict[str, Any]]) -> str:
    """A swept value for a person: a list of widths as 16-16, an object by its name and by what tells it from others."""
    if isinstance(value, dict):
        return readable_object(value, [other for other in others if _head(other) == _head(value)])
    if isinstance(value, list) and not value:
        return "none"
    if isinstance(value, list):
        widths = all(isinstance(item, int) and item > 0 for item in value)
        return "-".join(map(str, value)) if widths else f"[{', '.join(_text(item, []) for item in value)}]"
    return "none" if value is None else label(value)


def label(value: Any) -> str:
    """A swept value as a label."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return str(value)
    return "none" if value != value else f"{float(value):.4g}".replace("-", "−")


def readable_object(value: dict[str, Any], others: list[dict[str, Any]]) -> str:
    """A config object as text, such as elu (alpha 1): its name, and the keys in which it differs from `others`."""
    details = [f"{key} {_text(item, [])}" for key, item in value.items()
               if key not in ("name", "kind") and any(other.get(key) != item for other in others)]
    return " ".join([_head(value), f"({', '.join(details)})" if details else ""]).strip()


def _head(value: dict[str, Any]) -> str:
    return str(value.get("name", value.get("kind", "")))
