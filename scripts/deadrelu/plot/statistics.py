"""Intervals over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats


def mean_interval(frame: pd.DataFrame, by: list[str], column: str, lowest: float | None = None,
                  highest: float | None = None) -> pd.DataFrame:
    """Per group of `by` the mean of a column with Student's 95 % interval, cut to what is possible.

    Columns of the result: those of `by`, mean, low, high, n. Missing values are left out; with one value there is no
    interval and low and high are missing.
    """
    groups = frame.dropna(subset=[column]).groupby(by, sort=False, observed=True)[column]
    table = groups.agg(["mean", "std", "count"]).reset_index()
    half = stats.t.ppf(0.975, table["count"].clip(lower=2) - 1) * table["std"] / np.sqrt(table["count"])
    table["low"] = (table["mean"] - half).clip(lower=lowest)
    table["high"] = (table["mean"] + half).clip(upper=highest)
    return table.drop(columns="std").rename(columns={"count": "n"})


def quartiles(frame: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Per group of `by` the median of a column with its quartiles: median, low, high, n."""
    groups = frame.dropna(subset=[column]).groupby(by, sort=False, observed=True)[column]
    return pd.DataFrame({"median": groups.median(), "low": groups.quantile(0.25), "high": groups.quantile(0.75),
                         "n": groups.count()}).reset_index()


def wilson(hits: Any, n: Any) -> tuple[Any, Any, Any]:
    """Share hits/n with Wilson's 95 % interval (Wilson 1927): (share, low, high), scalars or arrays."""
    z = stats.norm.ppf(0.975)
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)


def share_interval(frame: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Per group of `by` the share of rows where a 0/1 column is 1: mean, low, high (Wilson), n."""
    groups = frame.dropna(subset=[column]).groupby(by, sort=False, observed=True)[column]
    table = groups.agg(["sum", "count"]).reset_index().rename(columns={"sum": "hits", "count": "n"})
    table["mean"], table["low"], table["high"] = wilson(table["hits"], table["n"])
    return table
