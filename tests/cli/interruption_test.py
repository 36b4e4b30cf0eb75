"""Signals, kill -9, full disks, directories that cannot be written."""

import os
import signal
import subprocess
import tempfile
import time

import harness


class Interruption(harness.Case):
    def start(self, out):
        return subprocess.Popen(self.command("run", "slow.json", "--out", out, "--threads", "2"), cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())

    def recorded(self, out):
        done = self.run_program("query", out, "SELECT count(*) AS n FROM runs")
        return int(harness.parse_csv(done.stdout)[0]["n"]) if done.returncode == 0 else 0

    def interrupt(self, out, number):
        """Sends the signal once some runs are recorded, and returns exit code and standard error."""
        process = self.start(out)
        try:
            deadline = time.monotonic() + 60
            while self.recorded(out) < 16 and time.monotonic() < deadline:
                self.assertIsNone(process.poll(), "the training ended before it could be interrupted")
                time.sleep(0.02)
            sent = time.monotonic()
            process.send_signal(number)
            error = process.communicate(timeout=60)[1]
        finally:
            process.kill()
            process.wait()
        self.assertLess(time.monotonic() - sent, 10)
        return process.returncode, error

    def test_an_interrupted_training_goes_on_to_the_same_tables(self):
        self.write(harness.slow_sweep(), "slow.json")
        self.succeed("run", "slow.json", "--out", "whole")
        for number, name in ((signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM"), (signal.SIGKILL, None)):
            out = f"stopped_{int(number)}"
            code, error = self.interrupt(out, number)
            kept = self.recorded(out)
            self.assertGreaterEqual(kept, 16)
            self.assertLess(kept, 400)
            if name is None:
                self.assertEqual(code, -signal.SIGKILL)
            else:
                self.assertEqual(code, 128 + number)
                self.assertIn(f"stopped by {name}: {kept} of 400 runs are recorded in {out}", error)
                self.assertEqual(len(self.rows(f"{out}/runs.csv")), kept)
            line = self.succeed("run", "slow.json", "--out", out)
            self.assertIn(f"{400 - kept} runs trained, {kept} already there", line)
            self.assert_same_tables(out, "whole")

    def test_recorded_runs_further_down_a_changed_sweep_are_in_the_tables_of_a_stopped_training(self):
        config = harness.slow_sweep()
        rates = config["sweep"]["grid"]["train.optimizer.learning_rate"]
        config["sweep"]["grid"]["train.optimizer.learning_rate"] = rates[-2:]
        self.write(config, "slow.json")
        self.succeed("run", "slow.json", "--out", "out")
        last = {row["run_id"] for row in self.rows("out/runs.csv")}
        self.write(harness.slow_sweep(), "slow.json")
        self.assertEqual(self.interrupt("out", signal.SIGINT)[0], 130)
        self.assertLessEqual(last, {row["run_id"] for row in self.rows("out/runs.csv")})

    def test_a_second_writer_is_sent_away_and_disturbs_nothing(self):
        self.write(harness.slow_sweep(), "slow.json")
        first = self.start("out")
        try:
            while self.recorded("out") == 0:
                self.assertIsNone(first.poll())
                time.sleep(0.02)
            self.assertIn("another process", self.fail_with(4, "run", "slow.json", "--out", "out"))
            # Readers are welcome meanwhile.
            self.assertIn("400 runs", self.succeed("status", "out"))
            self.assertIn("400 runs", self.succeed("show", "out"))
        finally:
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=60)
        self.assertEqual(first.returncode, 130)


class BadDirectories(harness.Case):
    def test_an_output_directory_that_is_a_file_exits_4(self):
        self.write("text", "file")
        self.assertIn("file", self.fail_with(4, "run", self.write(harness.sweep()), "--out", "file"))
        self.assertEqual((self.folder / "file").read_text(), "text")

    def test_a_foreign_database_is_left_alone(self):
        (self.folder / "out").mkdir()
        (self.folder / "out/results.sqlite").write_text("this is no database")
        for arguments in (["run", self.write(harness.sweep()), "--out", "out"], ["status", "out"], ["show", "out"]):
            self.assertIn("results.sqlite", self.fail_with(4, *arguments))
        self.assertEqual((self.folder / "out/results.sqlite").read_text(), "this is no database")

    def test_other_files_in_the_directory_are_left_alone(self):
        (self.folder / "out").mkdir()
        (self.folder / "out/notes.txt").write_text("mine")
        self.train(harness.sweep(), "out")
        self.assertEqual((self.folder / "out/notes.txt").read_text(), "mine")

    def test_an_unwritable_directory_exits_4(self):
        if os.geteuid() == 0:
            # The superuser writes everywhere but where nobody can.
            self.fail_with(4, "run", self.write(harness.sweep()), "--out", "/proc/deadrelu")
            return
        (self.folder / "out").mkdir(mode=0o500)
        self.assertIn("out", self.fail_with(4, "run", self.write(harness.sweep()), "--out", "out"))

    def test_a_full_disk_exits_4_with_every_finished_run_kept(self):
        disk = tempfile.mkdtemp(prefix="deadrelu_disk_")
        self.addCleanup(os.rmdir, disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=768k", "tmpfs", disk], capture_output=True,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest("a small file system can only be mounted by root")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        config = harness.sweep(seeds=400)
        config["record"] = {"every": 2}
        error = self.fail_with(4, "run", self.write(config), "--out", disk + "/out")
        self.assertIn("full", error)
        rows = harness.parse_csv(self.succeed("query", disk + "/out", "SELECT run_id FROM runs"))
        self.assertGreater(len(rows), 0)
        self.assertLess(len(rows), 1600)


if __name__ == "__main__":
    harness.main()
