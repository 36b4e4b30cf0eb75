"""Commands that are handed over to the Python package: which Python is called, with what, and where there is none."""

import json
import sys

import harness


class HandingOver(harness.Case):
    def python(self, *options):
        """A Python of these options, as an executable file."""
        path = self.folder / "python"
        path.write_text(f'#!/bin/sh\nexec {sys.executable} {" ".join(options)} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def package(self, folder):
        """A package that prints what it is called with."""
        path = self.folder / folder / "deadrelu"
        path.mkdir(parents=True)
        (path / "__init__.py").write_text("")
        (path / "commands.py").write_text(
            "import json, os\ndef main(arguments):\n"
            "    print(json.dumps([*arguments, os.environ['DEADRELU']]))\n    return 3\n")
        return str(self.folder / folder)

    def test_the_package_gets_the_command_its_options_and_the_program(self):
        done = self.run_program("plot", "out", "--only", "loss,heat_map", "--out", "a\nb", DEADRELU_PYTHON=sys.executable,
                                PYTHONPATH=self.package("site"))
        self.assertEqual(done.returncode, 3, done.stderr)
        command, options, program = json.loads(done.stdout)
        self.assertEqual((command, json.loads(options)), ("plot", {"directory": "out", "only": "loss,heat_map", "out": "a\nb"}))
        self.assertEqual(program, str(self.program()))

    def program(self):
        return harness.pathlib.Path(harness.BINARY).resolve()

    def test_where_there_is_no_package_that_is_said(self):
        self.package(".")  # a folder of the same name where the program is called is not it
        for command in ("plot", "report"):
            text = self.fail_with(4, command, "out", DEADRELU_PYTHON=self.python("-S", "-E"))
            self.assertRegex(text, f"^deadrelu: {command}: .* has no package deadrelu; DEADRELU_PYTHON may name another Python\n$")

    def test_where_there_is_no_python_that_is_said(self):
        text = self.fail_with(4, "plot", "out", DEADRELU_PYTHON="/absent/python")
        self.assertIn("plot: there is no Python to draw with (/absent/python)", text)


if __name__ == "__main__":
    harness.main()
