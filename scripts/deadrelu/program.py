"""The program `deadrelu`: where it is, and how it is asked."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Settings = Mapping[str, Any] | Iterable[str]


class DeadreluError(Exception):
    """What is wrong, in the program's words; `code` is its exit code (`deadrelu --help` lists them)."""

    def __init__(self, message: str, code: int = 4) -> None:
        super().__init__(message)
        self.code = code


def find() -> str:
    """The path of the program: $DEADRELU, else the one that was installed with this package, else that in PATH."""
    candidates = [os.environ.get("DEADRELU"), _installed(), shutil.which("deadrelu")]
    for path in candidates:
        if path and os.access(path, os.X_OK):
            return path
    raise DeadreluError("there is no program deadrelu: neither in PATH nor installed with this package, and DEADRELU, "
                        "which may hold its path, " + ("names none" if candidates[0] else "is not set"))


def environment() -> dict[str, str]:
    """The environment of the program: the commands that need this package are to find this Python."""
    return {**os.environ, "DEADRELU_PYTHON": sys.executable}


def ask(*arguments: str | os.PathLike[str], text: str = "", allowed: tuple[int, ...] = (0,)) -> str:
    """What the program prints, given that text on its standard input.

    Raises DeadreluError, with what it says, where its exit code is not allowed.
    """
    command = [find(), *(os.fspath(argument) for argument in arguments)]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False, env=environment())
    if done.returncode not in allowed:
        raise DeadreluError(sentence(done.stderr), done.returncode)
    return done.stdout


def version() -> str:
    """The program's version."""
    return str(json.loads(ask("version", "--json"))["version"])


def sentence(errors: str) -> str:
    """An error message without the program's name, and without lines of a config that nobody has written in lines."""
    lines = [line for line in errors.strip().splitlines() if not line.startswith(("try 'deadrelu", "deadrelu: try 'deadrelu"))]
    text = "\n".join(re.sub(r"^(deadrelu: (error: )?|standard input:\d+: )", "", line) for line in lines)
    return text or "the program ended without a word"


def set_options(settings: Settings | None) -> list[str]:
    """--set options for {"train.steps": 100}, or for ["train.steps=100"]."""
    if settings is None:
        return []
    if isinstance(settings, str):
        settings = [settings]
    if isinstance(settings, Mapping):
        settings = [f"{path}={to_json(value)}" for path, value in settings.items()]
    return [f"--set={setting}" for setting in settings]


def to_json(value: Any) -> str:
    """JSON of a config's value; NumPy's numbers and arrays are taken for numbers and lists."""
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a config cannot hold a {type(value).__name__}: {value!r}")


def _installed() -> str | None:
    try:
        files = importlib.metadata.files("deadrelu") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    beside = Path(__file__).parents[1] / "bin" / "deadrelu"  # where `pip install --target` puts it, whatever it notes
    places = [Path(str(file.locate())) for file in files if file.name == "deadrelu"]
    return next((str(path) for path in [*places, beside] if path.is_file()), None)
