#!/usr/bin/env python3
"""What SciPy computes for the tests of statistics and survival, stored in scipy_numbers.json beside this file.

scipy_numbers.py          checks the file anew
scipy_numbers.py --write  writes it

Needs scipy and numpy; the tests that read the file need neither.
"""

import pathlib

import scipy
from scipy import stats

import stored_numbers


FILE = pathlib.Path(__file__).with_name("scipy_numbers.json")

# Acute myelogenous leukaemia (Miller 1997; `aml` of R's survival): [time, died], maintained and not.
AML = {"maintained": [[9, 1], [13, 1], [13, 0], [18, 1], [23, 1], [28, 0], [31, 1], [34, 1], [45, 0], [48, 1], [161, 0]],
       "not": [[5, 1], [5, 1], [8, 1], [8, 1], [12, 1], [16, 0], [23, 1], [27, 1], [30, 1], [33, 1], [43, 1], [45, 1]]}


def distributions():
    degrees = [1, 2, 3, 4, 5, 8, 10, 29, 99, 401, 1000, 50000]
    return {
        "normal_tail": [[x, stats.norm.sf(x)] for x in (-9.0, -2.5, -0.3, 0.0, 0.7, 1.0, 3.0, 8.0, 20.0, 37.0)],
        "normal_quantile": [[p, stats.norm.ppf(p)] for p in (1e-300, 1e-20, 0.001, 0.02425, 0.3, 0.4999, 0.6, 0.975, 1 - 1e-12)],
        "chi_squared_tail": [[x, k, stats.chi2.sf(x, k)] for k in degrees[:-1]
                             for x in (1e-8, 0.3, 1.0, 3.84, 12.0, 80.0, 300.0, 1100.0)],
        "student_t_p": [[t, n, 2 * stats.t.sf(t, n)] for n in degrees
                        for t in (1e-5, 0.2, 1.0, 1.7, 2.0, 2.5, 6.0, 15.0, 40.0)],
    }


def compute():
    return {"distributions": distributions()}


if __name__ == "__main__":
    stored_numbers.main(FILE, compute, f"scipy {scipy.__version__}")
