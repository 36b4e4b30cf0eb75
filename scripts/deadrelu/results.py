"""A result directory and its tables."""

from __future__ import annotations

import difflib
import io
import json
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .program import DeadreluError, ask

if TYPE_CHECKING:
    from .experiments import Experiment
    from .networks import Network
    from .plot import Plots


class Results:
    """What a directory holds that `deadrelu run`, `probe`, `merge` or `reproduce` wrote.

    Every table is an attribute, a pandas frame: `results.runs`, `results.layers`, … — `results.tables` lists them, and
    `results.columns` says what each column means. It is read when it is first asked for; one that has no rows is empty. An
    integer column is int64, or Int64 where values are missing; a real one float64 with every digit of the program's; text
    is text; JSON is lists and dicts.

    Raises DeadreluError where the directory holds no recorded run.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        try:
            self.manifest = self._read_manifest()
            tables = json.loads((self.directory / "columns.json").read_bytes())["tables"]
        except OSError as error:
            stored = (self.directory / "results.sqlite").is_file()
            raise DeadreluError(f"{directory}: no {Path(error.filename).name} here; " + (
                f"`deadrelu export {directory}` writes the tables of its store" if stored
                else "a directory that `deadrelu run` wrote has one")) from None
        self.columns: dict[str, pd.DataFrame] = {name: pd.DataFrame(columns).set_index("name")
                                                 for name, columns in tables.items()}
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    def tables(self) -> list[str]:
        """The names of the tables."""
        return list(self.columns)

    @property
    def config(self) -> dict[str, Any]:
        """The sweep's config, with every default filled in."""
        return dict(self.manifest.get("config", {}))

    @property
    def swept(self) -> list[str]:
        """The keys that were swept: the columns of `runs` between the seed and the status."""
        columns = list(self.columns["runs"].index)
        return columns[columns.index("seed") + 1:columns.index("status")]

    def __getattr__(self, name: str) -> pd.DataFrame:
        columns = self.__dict__.get("columns", {})
        if name not in columns:
            near = difflib.get_close_matches(name, columns, 1)
            raise AttributeError(f"the results have no {name!r}; their tables are {', '.join(columns)}"
                                 + (f"; did you mean {near[0]!r}?" if near else ""))
        if name not in self._frames:
            self._frames[name] = self._read(name)
        return self._frames[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.columns})

    def __repr__(self) -> str:
        number = self.manifest.get("recorded", 0)
        return f"<deadrelu.Results {str(self.directory)!r}: {number} runs; tables {', '.join(self.columns)}>"

    def joined(self, table: str) -> pd.DataFrame:
        """A table with what was swept, and the seed, of the run of each row."""
        frame: pd.DataFrame = getattr(self, table)
        added = [name for name in ["seed", *self.swept] if name not in frame]
        return frame.merge(self.runs[["run_id", *added]], on="run_id", validate="many_to_one")

    def query(self, sql: str) -> pd.DataFrame:
        """The rows of one SELECT statement (SQLite) over the tables; `deadrelu query --help` has examples."""
        text = ask("query", self.directory, sql)
        frame: pd.DataFrame = pd.read_csv(io.StringIO(text), dtype={"run_id": str}, **_EXACT)
        return frame

    @cached_property
    def experiment(self) -> Experiment | None:
        """The published experiment that these are the complete results of, with each claim's verdict; None where they are not.

        `deadrelu reproduce NAME` wrote them, into a directory NAME (or NAME-full).
        """
        from .experiments import experiment_of

        return experiment_of(self)

    @cached_property
    def plot(self) -> Plots:
        """The charts: `results.plot.dead_fraction()` is one, `results.plot()` are all that apply.

        They need what the extra [plot] brings: `pip install "deadrelu[plot]"`.
        """
        try:
            from .plot import Plots
        except ModuleNotFoundError as error:
            raise _lacks(error) from None
        return Plots(self)

    def report(self, out: str | os.PathLike[str] | None = None) -> Path:
        """Writes one HTML page with charts, claims and tables, which works offline; default: report.html in the directory."""
        try:
            from .report import write
        except ModuleNotFoundError as error:
            raise _lacks(error) from None
        return write(self, out)

    def network(self, run_id: str | None = None, step: int | None = None) -> Network:
        """The network of a run whose parameters were recorded (`record.parameters`); `deadrelu.to_torch` takes it.

        run_id  default: the first run that has parameters
        step    default: the last one recorded
        """
        from .networks import of_run

        return of_run(self, run_id, step)

    def _read_manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.directory / "manifest.json").read_bytes())
        return manifest

    def _read(self, table: str) -> pd.DataFrame:
        if self._read_manifest().get("tables") != self.manifest.get("tables"):
            raise DeadreluError(f"{self.directory} has been trained again since these results were opened; open them anew")
        types = self.columns[table]["type"]
        csv, lines = (self.directory / f"{table}.{suffix}" for suffix in ("csv", "jsonl"))
        frame: pd.DataFrame
        if csv.is_file():
            frame = read_csv(csv, dict(types))
        elif lines.is_file():
            rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
            frame = pd.DataFrame(rows, columns=list(types.index))
        else:
            frame = pd.DataFrame(columns=list(types.index))
        frame = frame.astype({name: _DTYPES[kind] for name, kind in types.items() if kind != "text"})
        whole = [name for name, kind in types.items() if kind == "integer" and frame[name].notna().all()]
        return frame.astype({name: "int64" for name in whole})


def read_csv(source: Path | io.StringIO, types: Mapping[str, str]) -> pd.DataFrame:
    """What the program wrote, each column as columns.json says of it (integer, real, text, json); others as they look."""
    frame: pd.DataFrame = pd.read_csv(source, dtype={name: _DTYPES[kind] for name, kind in types.items()},
                                      keep_default_na=False, na_values=[""], **_EXACT)
    return frame


CHARTS_NEED = "altair pandas pillow scipy vl-convert-python"  # what the extra [plot] brings


def _lacks(error: ModuleNotFoundError) -> DeadreluError:
    return DeadreluError(f"{sys.executable} has no package {error.name}, which charts need; in a virtual environment, pip install "
                         + CHARTS_NEED)


# A table of one column has empty lines where values are missing. From pandas 3.1 on it reads every digit by itself.
_EXACT: dict[str, Any] = {"skip_blank_lines": False}
if tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1):
    _EXACT["float_precision"] = "round_trip"
_DTYPES = {"integer": "Int64", "real": "float64", "text": "str", "json": "object"}
