"""A result directory: its tables, its manifest, and the axes along which it was swept."""

from __future__ import annotations

import io
import itertools
import json
import math
import numbers
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ..program import DeadreluError, ask
from ..results import Results, read_csv

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
    "data.standardize": "standardized inputs",
    "data.tasks": "tasks",
    "data.domain": "interval of the inputs",
    "data.function": "target function",
    "data.samples": "examples",
    "init.adjust": "adjusted",
    "model.normalization": "normalization",
    "model.skip": "skip connections",
    "train.optimizer.weight_decay": "weight decay",
    "remedy.penalty": "penalty",
    "remedy.reset": "reset",
}

OFF = {"none", "false"}
HEADS = ("name", "kind", "change")  # the key of an object by whose value it is called
MOST_LINES = 12


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

    def turned_on(self, value: str) -> str:
        """What a name says of a value that another axis decides: `, normalization batch_norm`, nothing where it is off."""
        return "" if value in OFF else f", {self.title}" if value == "true" else f", {self.title} {value}"

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
        self.drawn: list[dict[str, Any]] = []  # the claims whose published numbers a chart has drawn

    def published(self, column: str) -> list[dict[str, Any]]:
        """The claims that say where a chart draws their number (`at`), a value of that column."""
        claims = self.results.experiment.claims if self.results.experiment else []
        return [claim for claim in claims if claim.get("at", {}).get("column") == column]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The runs, their swept columns as numbers or as names that a person can read.

        A name also says what it turns on, `relu, normalization batch_norm`, where that has no axis of its own.
        """
        runs = self._readable.copy()
        for path in self._several:
            axis = next((one for one in self._kept if path not in self._kept and self._names(one, path)), "")
            if axis and self._turns(path) and not path.startswith(f"{axis}."):  # an object's name says what is in it
                runs[axis] += runs[path].map(Axis(path, (), False).turned_on)
        return runs

    @cached_property
    def axes(self) -> list[Axis]:
        """The swept keys that take several values, without those that another one decides."""
        values = {path: tuple(self.runs[path].unique()) for path in self._kept}
        numeric = {path: pd.api.types.is_numeric_dtype(self.runs[path]) for path in self._kept}
        return [Axis(path, tuple(sorted(values[path])) if numeric[path] else values[path], numeric[path])
                for path in self._kept]

    @cached_property
    def settings(self) -> pd.Series[str]:
        """Per run its values on all axes as text, `16-16 · relu`; empty where nothing is swept."""
        return _joined(self.runs, self.axes)

    @cached_property
    def lines(self) -> list[Axis]:
        """The axes of line charts: those of the sweep; where these are no grid, one axis of its few settings."""
        return _lines(self.axes, self.settings)

    def lines_beside(self, taken: Axis) -> tuple[pd.DataFrame, list[Axis]]:
        """The same of all axes but one, with the runs, whose `setting` is then what these axes say."""
        axes = [axis for axis in self.axes if axis is not taken]
        runs = self.runs.assign(setting=_joined(self.runs, axes))
        return runs, _lines(axes, runs["setting"])

    def table(self, name: str) -> pd.DataFrame | None:
        """A table with the axes and the setting of each row's run; None where it has no rows."""
        if name not in self._tables:
            frame = _plain(getattr(self.results, name))
            runs = self.runs[["run_id", *(axis.path for axis in self.axes)]].assign(setting=self.settings)
            self._tables[name] = None if frame.empty else frame.merge(runs, on="run_id", validate="many_to_one")
        return self._tables[name]

    def asked(self, command: str, *options: str) -> pd.DataFrame:
        """What a command says about the results as CSV, with `setting`, and swept values as in `runs`.

        Empty where the results do not have what it takes.
        """
        try:
            text = ask(command, self.results.directory, *options)
        except DeadreluError as error:
            if error.code != 2:
                raise
            return pd.DataFrame()
        types = dict(self.results.columns["runs"]["type"][self.results.swept])
        frame = self.readable(read_csv(io.StringIO(text), types))
        paths = [axis.path for axis in self.axes if axis.path in frame]
        settings = self.runs[paths].assign(setting=_joined(self.runs, [axis for axis in self.axes if axis.path in paths]))
        return frame.merge(settings.drop_duplicates(), on=paths, how="left") if paths else frame.assign(setting="")

    def readable(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with swept values as the program has them, with these as in `runs`."""
        for path in self.results.swept:
            if path in frame:
                readable = dict(zip(map(_key, self.results.runs[path]), self.runs[path]))
                frame[path] = frame[path].map(lambda value: readable[_key(value)])
        return frame

    def decided_by(self, axis: Axis) -> list[str]:
        """The swept paths whose values follow from the axis's: its own, and those that change with it."""
        return [path for path in self.results.swept if path == axis.path or self._decides(axis.path, path)]

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
        return [parsed(value) for value in self.results.runs[path].unique()]

    @cached_property
    def _readable(self) -> pd.DataFrame:
        runs = _plain(self.results.runs)
        for path in self.results.swept:
            runs[path] = _readable(runs[path])
        return runs

    @cached_property
    def _several(self) -> dict[str, int]:
        """The swept keys that take several values, with how many."""
        found = {path: self._readable[path].nunique() for path in self.results.swept}
        return {path: count for path, count in found.items() if count > 1}

    @cached_property
    def _kept(self) -> list[str]:
        """The paths of the axes."""
        paths = list(self._several)
        return [path for place, path in enumerate(paths)
                if not any(self._names(other, path) and (self._several[other] > self._several[path] or earlier < place)
                           for earlier, other in enumerate(paths) if other != path)]

    def _names(self, known: str, path: str) -> bool:
        """Whether the values of one key tell those of the other; a number cannot say what it turns on."""
        numeric = pd.api.types.is_numeric_dtype(self._readable[known])
        return self._decides(known, path) and not (numeric and self._turns(path))

    def _turns(self, path: str) -> bool:
        """Whether the key turns something on: it is off in some runs, and not in others."""
        return bool(OFF & set(self._readable[path]))

    def _decides(self, known: str, path: str) -> bool:
        pairs = self._readable[[known, path]].drop_duplicates()
        return len(pairs) == self._readable[known].nunique()


def _joined(frame: pd.DataFrame, axes: list[Axis]) -> pd.Series[str]:
    """The values of the axes as one text; of many that are no grid, only what is not as in the first row."""
    columns = [frame[axis.path].map(label) for axis in axes]
    joined = pd.Series([" · ".join(values) for values in zip(*columns)] if columns else "", index=frame.index)
    if len(axes) < 3 or joined.nunique() == math.prod(column.nunique() for column in columns):
        return joined
    return pd.Series([", ".join(f"{axis.title} {value}" for axis, column, value in zip(axes, columns, values)
                                if value != column.iloc[0]) or joined.iloc[0] for values in zip(*columns)],
                     index=frame.index)


def _lines(axes: list[Axis], settings: pd.Series[str]) -> list[Axis]:
    found = tuple(settings.unique())
    if len(found) < math.prod(len(axis.values) for axis in axes) and len(found) <= MOST_LINES:
        return [Axis("setting", found, False, " · ".join(axis.title for axis in axes))]
    return axes


def _key(value: Any) -> Any:
    return None if pd.isna(value) else value  # a missing value does not equal itself


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """With NumPy's numbers, NaN where one is missing."""
    return frame.astype({name: "float64" for name, kind in frame.dtypes.items() if str(kind) == "Int64"})


def _readable(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        if column.notna().all():
            return column
        return column.map(lambda value: "none" if pd.isna(value) else f"{value:g}")
    values = column.astype(object)
    found = [parsed for parsed in map(parsed, values.unique()) if isinstance(parsed, dict)]
    texts = {value: _text(parsed(value), found) for value in values.unique()}
    return values.map(lambda value: texts.get(value, "none"))


def parsed(value: Any) -> Any:
    """A swept value of a table as the config has it."""
    return json.loads(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


def _text(value: Any, others: list[dict[str, Any]]) -> str:
    """A swept value for a person: a list of widths as 16-16, an object by its name and by what tells it from others."""
    if isinstance(value, dict):
        return readable_object(value, [other for other in others if _head(other) == _head(value)])
    if isinstance(value, list) and not value:
        return "none"
    if isinstance(value, list):
        widths = all(isinstance(item, int) and item > 0 for item in value)
        return _widths(value) if widths else f"[{', '.join(_text(item, []) for item in value)}]"
    return "none" if value is None else label(value)


def _widths(value: list[int]) -> str:
    """Widths as 16-16, of which more than four of a kind as 100×99."""
    alike = [(width, len(list(group))) for width, group in itertools.groupby(value)]
    return "-".join(f"{width}×{count}" if count > 4 else "-".join([str(width)] * count) for width, count in alike)


def label(value: Any) -> str:
    """A swept value as a label."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return str(value)
    return "none" if value != value else f"{float(value):.4g}".replace("-", "−")


def readable_object(value: dict[str, Any], others: list[dict[str, Any]]) -> str:
    """A config object as text, such as elu (alpha 1): its name, and the keys in which it differs from `others`."""
    details = [f"{key} {_text(item, [])}" for key, item in value.items()
               if key not in HEADS and any(other.get(key) != item for other in others)]
    return " ".join([_head(value), f"({', '.join(details)})" if details else ""]).strip()


def _head(value: dict[str, Any]) -> str:
    return next((str(value[key]) for key in HEADS if key in value), "")
