"""Rules of src/ that a compiler does not know: the core is silent, and no number depends on the C library."""

import pathlib
import re
import unittest

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"

CORE = ("simd", "nn", "probe", "train")
CORE_NEVER = re.compile(r"\bthrow\b|\bstd::c(out|err|log)\b|\bf?printf\s*\(|\bstd::(exit|abort|quick_exit)\b")

# What libm and the standard library define differently from version to version; cli/ may round as it likes.
NUMERIC = sorted(path.name for path in SRC.iterdir() if path.is_dir() and path.name != "cli")
NUMERIC_NEVER = re.compile(
    r"\bstd::(exp2?|expm1|log(2|10|1p|b)?|pow|sinh?|cosh?|tanh?|asin|acos|atan2?|erfc?|[lt]gamma|cbrt|hypot)\s*[(<]"
    r"|\bstd::\w+_distribution\b|\bstd::(shuffle|sample|reduce|transform_reduce|random_device|mt19937)\b")


def code(text):
    """The text without comments and string literals."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.DOTALL)


def findings(folders, pattern):
    found = []
    for folder in folders:
        for path in sorted((SRC / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            for match in pattern.finditer(code(path.read_text(encoding="utf-8"))):
                found.append(f"{path.relative_to(SRC)}: {match.group(0)}")
    return found


class ForbiddenCalls(unittest.TestCase):
    def test_the_core_neither_throws_nor_prints_nor_exits(self):
        self.assertEqual(findings(CORE, CORE_NEVER), [])

    def test_no_number_comes_from_libm_or_from_an_unspecified_algorithm(self):
        self.assertEqual(findings(NUMERIC, NUMERIC_NEVER), [])

    def test_the_patterns_find_what_they_are_for(self):
        for line in ("throw UserError();", "std::cout << 1;", "fprintf(stderr, text);", "std::exit(1);"):
            self.assertRegex(code(line), CORE_NEVER)
        for line in ("std::exp(x)", "std::pow (x, 2)", "std::tanh(x)", "std::normal_distribution<double> d;",
                     "std::shuffle(a, b, c);"):
            self.assertRegex(code(line), NUMERIC_NEVER)
        for line in ("// std::exp(x)", 'text = "std::exp(x)";', "std::sqrt(x)", "std::fma(a, b, c)",
                     "portable_exp(x)", "std::expected<int> x;"):
            self.assertNotRegex(code(line), NUMERIC_NEVER)


if __name__ == "__main__":
    unittest.main(argv=[__file__])
