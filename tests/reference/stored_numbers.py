"""Numbers of other libraries that are stored beside the script which computes them."""

import json
import math
import sys


def differences(stored, computed, place=""):
    """The places where two JSON values differ by more than the libraries' rounding."""
    if isinstance(computed, dict) and isinstance(stored, dict) and stored.keys() == computed.keys():
        return [d for key in computed for d in differences(stored[key], computed[key], f"{place}/{key}")]
    if isinstance(computed, list) and isinstance(stored, list) and len(stored) == len(computed):
        return [d for i, value in enumerate(computed) for d in differences(stored[i], value, f"{place}/{i}")]
    if isinstance(computed, float) and isinstance(stored, float):
        return [] if math.isclose(stored, computed, rel_tol=1e-12, abs_tol=1e-14) else [place]
    return [] if stored == computed else [place]


def main(file, compute, libraries):
    """Compares the file with what the libraries compute now; with --write, writes it."""
    computed = json.loads(json.dumps(compute(), default=float))
    if sys.argv[1:] == ["--write"]:
        file.write_text(json.dumps(computed) + "\n")
        return
    wrong = differences(json.loads(file.read_text()), computed)
    if wrong:
        sys.exit(f"{file.name} differs at " + ", ".join(wrong[:10]))
    print(f"{file.name} is what {libraries} compute")
