"""The command line itself: help, mistakes, versions, standard streams."""

import json
import os
import subprocess
import time

import harness

COMMANDS = "run list config schema explain activation status show export query compare survival version".split()


class Help(harness.Case):
    def test_no_command_prints_the_help_on_standard_error_and_exits_2(self):
        done = self.run_program()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", done.stderr)

    def test_help_goes_to_standard_output(self):
        self.assertIn("Examples:", self.succeed("--help"))

    def test_every_command_has_help_with_an_example(self):
        for command in COMMANDS:
            text = self.succeed(command, "--help")
            self.assertIn("Examples:", text)
            self.assertIn(f"deadrelu {command}", text)

    def test_version_has_a_form_for_people_and_one_for_programs(self):
        version = json.loads(self.succeed("version", "--json"))
        self.assertEqual(list(version), ["version", "commit", "compiler", "simd"])
        self.assertTrue(set(version["simd"]) <= {"avx2", "avx512", "neon"} and version["simd"])
        self.assertIn(version["version"], self.succeed("version"))
        self.assertEqual(self.succeed("--version"), f"deadrelu {version['version']}\n")

    def test_it_starts_at_once(self):
        best = min(self.processor_seconds_of("version") for _ in range(10))
        self.assertLess(best, 0.5)  # 4 ms, much more under a sanitizer

    def processor_seconds_of(self, *arguments):
        before = os.times()
        self.succeed(*arguments)
        after = os.times()
        return after.children_user - before.children_user + after.children_system - before.children_system


class Mistakes(harness.Case):
    def test_an_unknown_command_is_answered_with_the_nearest_one(self):
        self.assertIn("there is no command 'rnu'; did you mean 'run'?", self.fail_with(2, "rnu"))

    def test_an_unknown_option_is_answered_with_the_nearest_one(self):
        text = self.fail_with(2, "run", "x.json", "--thread=3")
        self.assertIn("run: there is no option '--thread'; did you mean '--threads'?", text)

    def test_a_superfluous_argument_is_named(self):
        self.assertIn("unexpected argument 'b'", self.fail_with(2, "status", "a", "b"))

    def test_what_follows_a_command_is_no_command(self):
        self.train(harness.sweep(), "show")
        self.assertIn("12 of 12", self.succeed("status", "show"))
        self.assertIn("unexpected argument 'run'", self.fail_with(2, "status", "show", "run"))

    def test_a_missing_argument_is_named(self):
        self.assertIn("CONFIG", self.fail_with(2, "run"))
        self.assertIn("SQL", self.fail_with(2, "query", "x"))

    def test_wrong_option_values_say_what_is_allowed(self):
        config = self.write(harness.sweep())
        for options, allowed in (
            (["--threads", "0"], "whole number from 1"),
            (["--threads", "two"], "'two'"),
            (["--format", "csv,parquet"], "jsonl"),
            (["--progress", "fast"], "lines, json"),
            (["--simd", "sse"], "this machine has"),
            (["--only", "12-"], "positions are 0 to 11"),
            (["--only", "5-3"], "ends before it starts"),
            (["--only", "x"], "16 hex digits"),
            (["--only", "0123456789abcdef"], "no run of the config has the id"),
        ):
            self.assertIn(allowed, self.fail_with(2, "run", config, *options))
        self.assertEqual(os.listdir(self.folder), ["small.json"])

    def test_an_instruction_set_that_this_machine_lacks_is_refused_by_name(self):
        has = json.loads(self.succeed("version", "--json"))["simd"]
        lacking = next(name for name in ("neon", "avx2", "avx512") if name not in has)
        text = self.fail_with(2, "run", self.write(harness.sweep()), "--simd", lacking)
        self.assertIn(f"this machine has no {lacking}", text)
        for name in has:
            self.assertIn(name, text)

    def test_a_missing_config_file_exits_4(self):
        for command in ("run", "list", "config"):
            self.assertIn("absent.json", self.fail_with(4, command, "absent.json"))

    def test_a_directory_without_results_exits_4(self):
        for arguments in (["status"], ["show"], ["export"], ["query", "SELECT 1"], ["survival"], ["compare", "--by", "x"]):
            extra = arguments[1:]
            self.assertIn(str(self.folder), self.fail_with(4, arguments[0], self.folder, *extra))


class StandardStreams(harness.Case):
    def shell(self, line):
        return subprocess.run(["bash", "-c", line.replace("deadrelu", f"'{harness.BINARY}'")], cwd=self.folder,
                              capture_output=True, text=True, timeout=60, env=self.environment(), check=False)

    def test_a_full_standard_output_exits_4(self):
        done = self.shell("deadrelu schema > /dev/full")
        self.assertEqual(done.returncode, 4)
        self.assertIn("standard output", done.stderr)

    def test_a_closed_standard_output_exits_4(self):
        self.assertEqual(self.shell("deadrelu schema >&-").returncode, 4)

    def test_a_reader_that_leaves_is_no_error(self):
        self.write(harness.sweep(seeds=100000))
        done = self.shell("set -o pipefail; deadrelu list small.json | head -n 3")
        self.assertEqual((done.returncode, done.stderr, len(done.stdout.splitlines())), (0, "", 3))

    def test_a_closed_standard_error_disturbs_nothing(self):
        self.write(harness.sweep())
        done = self.shell("deadrelu run small.json --out x --progress json 2>&-")
        self.assertEqual(done.returncode, 0)
        self.assertIn("12 of 12 recorded", done.stdout)

    def test_the_first_rows_of_a_huge_sweep_come_at_once(self):
        self.write(harness.sweep(seeds=2500000))
        start = time.monotonic()
        done = self.shell("deadrelu list small.json | head -n 2")
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    harness.main()
