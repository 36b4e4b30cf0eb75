"""The published experiment that results are of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .program import DeadreluError, ask

if TYPE_CHECKING:
    from .results import Results


@dataclass(frozen=True)
class Experiment:
    """What `deadrelu reproduce` says about some results.

    size    "quick" or "full"; empty where the experiment has one size
    claims  each as `deadrelu reproduce --json` prints it
    """

    name: str
    size: str
    claims: list[dict[str, Any]]


def experiment_of(results: Results) -> Experiment | None:
    """The experiment, judged by these results; None where they are not, or not all, those of one.

    They have to lie in a directory of the experiment's name, or NAME-full. Nothing is trained.
    """
    folder = results.directory.resolve()
    try:
        listed = {one["experiment"]: one for one in json.loads(ask("reproduce", "--list", "--json"))}
    except DeadreluError:  # an installation without experiments
        return None
    full = folder.name not in listed
    name = folder.name.removesuffix("-full") if full else folder.name
    if name not in listed or not results.manifest.get("complete"):
        return None
    config, two_sizes = listed[name]["config"], listed[name]["full_runs"] is not None
    sets = [f"--set=@{Path(config).with_name('full.json')}"] if full else []
    if (full and not two_sizes) or json.loads(ask("config", config, *sets)) != results.config:
        return None
    # Exit code 3: a firm claim failed, which is a result.
    claims = json.loads(ask("reproduce", name, "--json", "--out", folder.parent, *["--full"] * full, allowed=(0, 3)))
    return Experiment(name, claims[0]["size"] if two_sizes else "", claims)
