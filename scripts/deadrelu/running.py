"""Trains a config with the program."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .program import DeadreluError, Settings, ask, environment, find, sentence, set_options, to_json
from .progress import Bar, bar
from .results import Results

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def run(config: Mapping[str, Any] | str | os.PathLike[str], *, set: Settings | None = None,
        out: str | os.PathLike[str] | None = None, threads: int | None = None, progress: bool = True) -> Results:
    """Trains every run of a config that is not recorded yet, and returns the results.

    config    a dict, or the path of a config file
    set       changes of single keys: {"train.steps": 500, "sweep.seeds": 20} or ["train.steps=500"]
    out       the result directory; default: results/NAME with the config's name, as `deadrelu run` has it
    threads   default: one a processor
    progress  whether a bar is shown, in a notebook or on a terminal, and what was trained

    What is recorded is kept and is not trained again: the same call goes on where an interrupted one stopped, and a
    longer sweep trains only what is new. An interrupt (Ctrl-C, the notebook's stop button) lets the program write what is
    finished, then raises KeyboardInterrupt. A mistake in the config, and whatever else keeps runs from being trained, is a
    DeadreluError with the program's sentence. Runs that diverge are results.
    """
    if isinstance(config, Mapping):
        source, text = "-", to_json(config)
    else:
        source, text = os.fspath(config), ""
    settings = set_options(set)
    if out is None:
        out = Path("results") / json.loads(ask("config", source, *settings, text=text))["name"]
    command = [find(), "run", source, *settings, "--out", os.fspath(out),
               "--progress", "json" if progress else "none"]
    if threads is not None:
        command += ["--threads", str(threads)]
    _train(command, text, bar(progress))
    return Results(out)


def _train(command: list[str], text: str, shown: Bar) -> None:
    # Files, for a pipe that nobody reads stops its writer. A session of its own, for the terminal, or the notebook, sends
    # an interrupt to the whole group of processes, and the program takes a second one for an order to end at once.
    libc = ctypes.CDLL(None)

    def end_with_python() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    with tempfile.TemporaryFile("w+", encoding="utf-8") as config, \
            tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        config.write(text)
        config.seek(0)
        with subprocess.Popen(command, stdin=config, stdout=output, stderr=subprocess.PIPE, encoding="utf-8",
                              env=environment(), start_new_session=True, preexec_fn=end_with_python) as process:
            try:
                said = _follow(process, shown)
                code = process.wait()
            except BaseException:
                shown.end(_stop(process))
                raise
        output.seek(0)
        closing = output.read().strip()
    if code != 0:
        shown.end("")
        raise DeadreluError(sentence("\n".join(said)), code)
    for line in said:
        shown.say(line)
    shown.end(closing)


def _follow(process: subprocess.Popen[str], shown: Bar) -> list[str]:
    """Shows the progress; returns the lines since, which an error may be among."""
    said: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        if not line.startswith("{"):
            said.append(line.rstrip("\n"))
            continue
        for earlier in said:
            shown.say(earlier)
        said.clear()
        shown.show(json.loads(line))
    return said


def _stop(process: subprocess.Popen[str]) -> str:
    """Lets the program write its tables, and returns what it says; a second interrupt meanwhile ends it at once."""
    while True:
        try:
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1]
            return "\n".join(line for line in said.splitlines() if not line.startswith("{"))
        except KeyboardInterrupt:
            continue
