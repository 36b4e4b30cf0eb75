"""scripts/bench_peers without the peers: what is said of one that fails or computes something else, and the ratios."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from peers import table  # noqa: E402
from peers.contest import difference  # noqa: E402
from peers.process import PeerProcess  # noqa: E402

READY = [{"peer": "a", "runs": 1}, {"version": "Library 1"}]


def peer(lines, then=""):
    """A process that prints these lines and goes on with some Python."""
    program = f"import sys\nfor line in {[json.dumps(line) for line in lines]!r}: print(line, flush=True)\n{then}"
    return PeerProcess([sys.executable, "-c", program], os.environ)


class Processes(unittest.TestCase):
    def test_a_peer_is_prepared_once_and_measured_whenever_it_is_asked(self):
        process = peer(READY, "for line in sys.stdin: print('{\"seconds\": %d}' % len(line), flush=True)")
        self.assertEqual(process.prepare(["a"]), ({"a": READY[0]}, "Library 1"))
        self.assertEqual([process.seconds(name) for name in ("a", "abc")], [{"seconds": 2}, {"seconds": 4}])
        process.close()

    def test_what_a_peer_did_not_get_to_has_its_last_words_as_reason(self):
        process = peer(READY[:1], "sys.exit('no such\\ninstruction\\n')")
        said, version = process.prepare(["a", "b"])
        process.close()
        self.assertEqual(said, {"a": READY[0], "b": {"error": "ended with code 1: instruction"}})
        self.assertIsNone(version)

    def test_a_peer_that_has_ended_gives_a_reason_instead_of_a_time(self):
        process = peer(READY, "sys.stdin.readline(); sys.exit(3)")
        process.prepare(["a"])
        for _ in range(2):
            self.assertEqual(process.seconds("a"), {"error": "ended with code 3: it printed nothing"})
        process.close()


class Outcomes(unittest.TestCase):
    def test_rounding_is_no_difference(self):
        self.assertIsNone(difference([[0.5, 2], [1, 0]], [[0.500001, 2.00001], [1, 1e-9]]))

    def test_another_loss_or_norm_is_named(self):
        self.assertIn("network 0 ends with loss 0.51, not 0.5", difference([[0.51, 2]], [[0.5, 2]]))
        self.assertIn("network 1 ends with norm of parameters 1 nan, not 2",
                      difference([[0.5, 2], [0.5, float("nan")]], [[0.5, 2], [0.5, 2]]))


class Table(unittest.TestCase):
    def setUp(self):
        def found(runs, *seconds):
            return {"tiny": {"runs": runs, "form": "any", "seconds": list(seconds)}}

        times = {table.MANY: found(8, 3e-6, 1e-6), table.ONE: found(1, 1e-5, 2e-5), "single": found(1, 1e-4, 4e-5),
                 "ensemble": found(64, 5e-6), "broken": {"tiny": {"error": "no library"}}}
        self.lines, self.failures = table.cells(table.summary(times))

    def test_the_best_rounds_are_compared_with_both_of_deadrelu(self):
        self.assertEqual(dict(self.lines[1:]), {
            table.MANY: "1.00", table.ONE: "10.0", "single": "40.0 (40× · 4.0×)", "ensemble": "5.00 (5.0×)",
            "broken": "failed (1)", "fastest peer ÷ many networks": "5.0×",
            "fastest single peer ÷ one network": "4.0×"})

    def test_a_peer_that_failed_is_named_with_its_reason(self):
        self.assertEqual(self.failures, ["(1) broken, tiny: no library"])


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[2:]  # the program's path, which every test is given
    unittest.main()
