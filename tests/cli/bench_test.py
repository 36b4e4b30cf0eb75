"""The fingerprint: a change of any number that the program computes shows here."""

import harness

# Changes with the numbers, and with nothing else: say so in the commit ("Fingerprint: …").
RECORDED = "97f0ec13962f2b30"


class Fingerprint(harness.Case):
    def test_every_number_is_what_it_always_was(self):
        self.assertEqual(self.succeed("bench", "--fingerprint").strip(), RECORDED)


if __name__ == "__main__":
    harness.main()
