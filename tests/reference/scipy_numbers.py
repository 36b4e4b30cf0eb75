#!/usr/bin/env python3
"""What SciPy computes for the tests of statistics and survival, stored in scipy_numbers.json beside this file.

scipy_numbers.py          checks the file anew
scipy_numbers.py --write  writes it

Needs scipy and numpy; the tests that read the file need neither.
"""

import pathlib

import numpy as np
import scipy
from scipy import stats

import stored_numbers

# The derivatives with respect to the weight of a run are taken numerically, of the statistics with weights.
STEP = 1e-4
FILE = pathlib.Path(__file__).with_name("scipy_numbers.json")

# Acute myelogenous leukaemia (Miller 1997; `aml` of R's survival): [time, died], maintained and not.
AML = {"maintained": [[9, 1], [13, 1], [13, 0], [18, 1], [23, 1], [28, 0], [31, 1], [34, 1], [45, 0], [48, 1], [161, 0]],
       "not": [[5, 1], [5, 1], [8, 1], [8, 1], [12, 1], [16, 0], [23, 1], [27, 1], [30, 1], [33, 1], [43, 1], [45, 1]]}


def distributions():
    degrees = [1, 2, 3, 4, 5, 8, 10, 29, 99, 401, 1000, 50000]
    return {
        "chi_squared_tail": [[x, k, stats.chi2.sf(x, k)] for k in degrees[:-1]
                             for x in (1e-8, 0.3, 1.0, 3.84, 12.0, 80.0, 300.0, 1100.0)],
        "student_t_p": [[t, n, 2 * stats.t.sf(t, n)] for n in degrees
                        for t in (1e-5, 0.2, 1.0, 1.7, 2.0, 2.5, 6.0, 15.0, 40.0)],
    }


def lives():
    """Rows [run, group, time, died]: aml with a run a unit, and runs of several units that live and die together."""
    aml = [[run, group, *unit] for run, (group, unit) in
           enumerate((g, u) for g, name in enumerate(AML) for u in AML[name])]
    random = np.random.default_rng(16)
    shared = []
    for run in range(14):
        group, luck = run % 3, random.exponential()
        for _ in range(random.integers(1, 7)):
            time = min(100 * int(np.ceil(6 * random.exponential() * luck * (1 + group) / 2)), 1000)
            censored = time == 1000 or random.random() < 0.15
            shared.append([run, group, time, int(not censored)])
    return {"aml": aml, "shared": shared}


def at_risk(rows, weights, time):
    """Of the rows: weighted deaths at the time, and weighted units at risk."""
    run, _, end, died = rows.T
    return np.sum(weights[run] * died * (end == time)), np.sum(weights[run] * (end >= time))


def log_survival(rows, weights, until):
    return sum(np.log1p(-d / n) for d, n in
               (at_risk(rows, weights, t) for t in np.unique(rows[:, 2]) if t <= until) if n > d)


def surplus(rows, weights, groups):
    """Deaths of each group beyond those expected, and their hypergeometric variance."""
    u, v = np.zeros(groups), np.zeros((groups, groups))
    for t in np.unique(rows[:, 2]):
        parts = np.array([at_risk(rows[rows[:, 1] == g], weights, t) for g in range(groups)])
        d, n = parts.sum(axis=0)
        share = parts[:, 1] / n
        u += parts[:, 0] - d * share
        if n > 1:
            v += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    return u, v


def by_runs(function, runs):
    """The derivatives of a function of weights with respect to that of each run, at weights of 1."""
    unit = np.eye(runs) * STEP
    return np.array([(8 * (function(1 + e) - function(1 - e)) - (function(1 + 2 * e) - function(1 - 2 * e))) / (12 * STEP)
                     for e in unit])


def test_of(u, v):
    chi_squared, degrees = u @ np.linalg.pinv(v, rcond=1e-9, hermitian=True) @ u, np.linalg.matrix_rank(v, tol=1e-7)
    return {"chi_squared": chi_squared, "degrees": int(degrees), "p": stats.chi2.sf(chi_squared, degrees)}


def survival(rows):
    table = np.array(rows)
    runs, groups = table[:, 0].max() + 1, table[:, 1].max() + 1
    u, v = surplus(table, np.ones(runs), groups)
    parts = by_runs(lambda w: surplus(table, w, groups)[0], runs)
    result = {"rows": rows, "log_rank": test_of(u, v), "log_rank_clustered": test_of(u, parts.T @ parts), "curves": []}
    for group in range(groups):
        of_group = table[table[:, 1] == group]
        died = of_group[:, 3] == 1
        curve = stats.ecdf(stats.CensoredData(of_group[died, 2], right=of_group[~died, 2])).sf
        interval = curve.confidence_interval(method="log-log")
        result["curves"].append([
            {"time": int(t), "survival": s, "low": low, "high": high,
             "clustered_error": s * np.sqrt(np.sum(by_runs(lambda w: log_survival(of_group, w, t), runs) ** 2))}
            for t, s, low, high in zip(curve.quantiles, curve.probabilities, interval.low.probabilities,
                                       interval.high.probabilities) if 0 < s < 1])
    if groups == 2:
        z = stats.logrank(*(stats.CensoredData(g[g[:, 3] == 1, 2], right=g[g[:, 3] == 0, 2])
                            for g in (table[table[:, 1] == 0], table[table[:, 1] == 1])))
        assert np.isclose(z.statistic**2, result["log_rank"]["chi_squared"]) and np.isclose(z.pvalue, result["log_rank"]["p"])
    return result


def pairs():
    """Paired t-tests of the second sample against the first."""
    random = np.random.default_rng(15)
    tests = []
    for n, shift in ((2, 0.3), (3, 1.0), (5, 0.0), (8, 2.5), (30, 0.4), (100, 0.01)):
        first = random.normal(size=n)
        second = first + shift + random.normal(size=n)
        test = stats.ttest_rel(second, first)
        low, high = test.confidence_interval()
        tests.append({"first": first.tolist(), "second": second.tolist(), "p": test.pvalue, "low": low, "high": high})
    return tests


def compute():
    return {"distributions": distributions(), "pairs": pairs(),
            "survival": {name: survival(rows) for name, rows in lives().items()}}


if __name__ == "__main__":
    stored_numbers.main(FILE, compute, f"scipy {scipy.__version__}")
