"""Signals, kill -9, full disks, directories that cannot be written."""

import os
import random
import shutil
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
        """Sends the signal once some more runs are recorded, and returns exit code and standard error."""
        before = self.recorded(out)
        process = self.start(out)
        try:
            deadline = time.monotonic() + 60
            while self.recorded(out) < before + 16 and time.monotonic() < deadline:
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

    def small_disk(self, size):
        disk = tempfile.mkdtemp(prefix="deadrelu_disk_")
        self.addCleanup(os.rmdir, disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest("a small file system can only be mounted by root")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def test_a_full_disk_exits_4_with_every_finished_run_kept_and_with_space_again_the_sweep_is_completed(self):
        disk = self.small_disk("768k")
        config = harness.sweep(seeds=400)
        config["record"] = {"every": 2}
        kept = 0
        for size in ("768k", "1m", "2m"):
            subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
            self.assertIn("full", self.fail_with(4, "run", self.write(config), "--out", disk + "/out"))
            rows = harness.parse_csv(self.succeed("query", disk + "/out", "SELECT run_id FROM runs"))
            self.assertGreater(len(rows), kept)
            kept = len(rows)
        self.assertLess(kept, 1600)
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        self.assertIn(f"{1600 - kept} runs trained, {kept} already there",
                      self.succeed("run", "small.json", "--out", disk + "/out"))
        self.train(config, "whole")
        self.assert_same_tables(disk + "/out", "whole")

    def test_a_full_disk_leaves_a_merge_as_it_was(self):
        disk = self.small_disk("1m")
        config = harness.sweep(seeds=200)
        config["record"] = {"every": 2}
        self.train(config, "whole")
        self.succeed("run", "whole.json", "--out", disk + "/out", "--only", "0-9")
        before = harness.fingerprint(disk + "/out")
        self.assertIn("full", self.fail_with(4, "merge", disk + "/out", "whole"))
        self.assertEqual(before, harness.fingerprint(disk + "/out"))

    def test_a_directory_that_becomes_unwritable_exits_4_with_every_finished_run_kept(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        self.write(harness.slow_sweep(), "slow.json")
        os.chmod(self.folder, 0o755)
        out = self.folder / "out"
        out.mkdir()
        os.chown(out, 65534, 65534)
        # Another user may not enter the folder that the program was built in.
        program = shutil.copy(self.command()[0], self.folder / "program")
        process = subprocess.Popen([program, *self.command("run", "slow.json", "--out", "out")[1:]],
                                   cwd=self.folder, user=65534, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=self.environment())
        count = self.command("query", "out", "SELECT count(*) FROM runs")
        while subprocess.run(count, cwd=self.folder, capture_output=True, text=True).stdout.split()[1:] in ([], ["0"]):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        out.chmod(0o500)
        error = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 4, error)
        self.assertRegex(error, "out/.*cannot be (written|used)")  # in whichever file it shows first
        out.chmod(0o700)
        kept = len(harness.parse_csv(self.succeed("query", "out", "SELECT run_id FROM runs")))
        self.assertGreater(kept, 0)
        self.assertIn(f"{400 - kept} runs trained, {kept} already there",
                      self.succeed("run", "slow.json", "--out", "out"))


class DamagedStores(harness.Case):
    def setUp(self):
        super().setUp()
        self.train(harness.sweep(seeds=10), "out")
        self.good = (self.folder / "out/results.sqlite").read_bytes()

    def damage(self, content):
        """Every command on a damaged store: none crashes, hangs, or takes it for a mistake of the command line."""
        codes = set()
        for arguments in (["status", "out"], ["show", "out"], ["export", "out"], ["verify", "out", "--sample", "2"],
                          ["merge", "merged", "out"], ["run", "out.json", "--out", "out"]):
            (self.folder / "out/results.sqlite").write_bytes(content)
            done = self.run_program(*arguments)
            self.assertIn(done.returncode, (0, 3, 4), f"{arguments}: {done.stderr}")
            codes.add(done.returncode)
        return codes

    def test_a_truncated_store_is_told(self):
        for size in (100, 1000, 4096, len(self.good) // 2):
            self.assertEqual(self.damage(self.good[:size]), {4}, size)
        (self.folder / "out/results.sqlite").write_bytes(self.good[:20480])
        self.assertIn("damaged", self.fail_with(4, "run", "out.json", "--out", "out"))
        self.assertEqual((self.folder / "out/results.sqlite").read_bytes(), self.good[:20480])

    def test_a_store_with_wrong_bytes_ends_no_command_without_a_sentence(self):
        chance = random.Random(7)
        for count in (3, 30, 300):
            content = bytearray(self.good)
            for _ in range(count):
                content[chance.randrange(len(content))] = chance.randrange(256)
            self.damage(bytes(content))

    def test_an_emptied_store_is_trained_again(self):
        (self.folder / "out/results.sqlite").write_bytes(b"")
        self.train(harness.sweep(seeds=10), "whole")
        self.succeed("run", "out.json", "--out", "out")
        self.assert_same_tables("out", "whole")


if __name__ == "__main__":
    harness.main()
