"""The folders of src/ include only leftwards, and each third-party library stays where it belongs."""

import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# base <- simd <- nn, data <- probe <- train <- sweep <- config, runner, store <- cli <- main.cpp
RANKS = {"base": 0, "simd": 1, "nn": 2, "data": 2, "probe": 3, "train": 4, "sweep": 5,
         "config": 6, "runner": 6, "store": 6, "cli": 7, "main.cpp": 8}

# Which folders may include a header whose name starts so.
LIBRARIES = {
    "CLI/": {"cli"},
    "spdlog/": {"cli"},
    "nlohmann/": {"config", "store", "cli"},
    "SQLiteCpp/": {"store"},
    "sqlite3.h": {"store"},
    "hwy/": {"simd"},
    "Eigen/": {"store"},
    "unsupported/Eigen/": set(),
    "Random123/": {"base"},
    "zlib.h": {"data"},
    "openssl/": {"config", "store"},
    "gtest/": set(),
    "benchmark/": set(),
}

AGREED_AT_THE_TOP = {
    "src", "tests", "configs", "experiments", "scripts", ".ci", "CMakeLists.txt", "CMakePresets.json",
    ".clang-format", ".clang-tidy", ".gitignore", ".gitattributes", ".editorconfig", "README.md", "LICENSE",
    "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def include_errors(src):
    """A sentence for every include under src/ that breaks a rule."""
    errors = []
    for path in sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cpp")):
        name = path.relative_to(src).as_posix()
        folder = name.split("/")[0]
        if folder not in RANKS:
            errors.append(f"{name}: the folder {folder} has no place in the order")
            continue
        for header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            target = header.split("/")[0]
            if "/" in header and target in RANKS and target != folder and RANKS[target] >= RANKS[folder]:
                errors.append(f"{name}: {folder} may not include {header}")
            for prefix, folders in LIBRARIES.items():
                if header.startswith(prefix) and folder not in folders:
                    errors.append(f"{name}: {header} belongs to {', '.join(sorted(folders)) or 'no folder'}")
    return errors


class IncludeOrder(unittest.TestCase):
    def test_every_include_points_left_and_libraries_stay_in_their_folders(self):
        self.assertEqual(include_errors(ROOT / "src"), [])

    def test_the_check_sees_files_and_includes(self):
        files = [p for p in (ROOT / "src").rglob("*.h")]
        self.assertGreater(len(files), 20)
        self.assertGreater(sum(len(INCLUDE.findall(p.read_text(encoding="utf-8"))) for p in files), 50)

    def test_a_bad_tree_is_found_out(self):
        bad = {
            "base/a.h": '#include "simd/a.h"\n',
            "data/a.h": '#include "probe/a.h"\n',
            "data/b.h": '#include "nn/a.h"\n',
            "runner/a.cpp": '#include "store/a.h"\n',
            "store/a.cpp": '#include "config/a.h"\n',
            "nn/a.cpp": "#include <nlohmann/json.hpp>\n",
            "probe/a.cpp": '  #  include "hwy/highway.h"\n',
            "cli/a.cpp": "#include <sqlite3.h>\n",
            "train/a.cpp": "#include <spdlog/spdlog.h>\n",
            "else/a.cpp": "\n",
        }
        good = {
            "probe/b.h": '#include "probe/a.h"\n#include "nn/a.h"\n#include <vector>\n',
            "main.cpp": '#include "cli/cli.h"\n',
        }
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for name, text in {**bad, **good}.items():
                (src / name).parent.mkdir(exist_ok=True)
                (src / name).write_text(text, encoding="utf-8")
            errors = include_errors(src)
        self.assertEqual(sorted(e.split(":")[0] for e in errors), sorted(bad))


class TopLevel(unittest.TestCase):
    def test_the_top_level_holds_only_the_agreed_names(self):
        listing = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "--cached", "--others",
             "--exclude-standard"],
            capture_output=True, text=True, check=False) if (ROOT / ".git").exists() else None
        if listing is None or listing.returncode != 0:
            self.skipTest("not a git checkout")
        names = {line.split("/")[0] for line in listing.stdout.splitlines()}
        self.assertEqual(names - AGREED_AT_THE_TOP, set())


if __name__ == "__main__":
    unittest.main(argv=[__file__])
