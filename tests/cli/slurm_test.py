"""Batch scripts for Slurm, with stand-ins for its programs; scripts/endurance tries them on a real cluster."""

import os
import signal
import subprocess
import time

import harness


class Slurm(harness.Case):
    def setUp(self):
        super().setUp()
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        self.stand_in("scontrol", 'echo "scontrol $*" >> calls; echo "MaxArraySize            = 5"')
        self.stand_in("sbatch", 'echo "sbatch $*" >> calls; [ "$1" = --test-only ] || echo "$((40 + $(wc -l < calls)))"')

    def stand_in(self, name, text):
        (self.programs / name).write_text("#!/bin/sh\n" + text + "\n")
        (self.programs / name).chmod(0o755)

    def environment(self, **variables):
        return super().environment(PATH=f"{self.programs}:{os.environ['PATH']}", **variables)

    def script(self, name="array", out="out"):
        return (self.folder / out / "slurm" / f"{name}.sbatch").read_text()

    def test_the_array_is_submitted_and_then_the_job_that_merges_it(self):
        name = self.write(harness.sweep())
        self.assertIn("12 runs in 3 tasks submitted as job 44; job 45 merges them",
                      self.succeed("slurm", name, "--out", "out", "--tasks", "3", "--submit"))
        calls = (self.folder / "calls").read_text().splitlines()
        self.assertEqual(calls[-2], f"sbatch --parsable {self.folder}/out/slurm/array.sbatch")
        self.assertEqual(calls[-1],
                         f"sbatch --parsable --dependency=afterany:44 {self.folder}/out/slurm/merge.sbatch")
        for line in ("#SBATCH --array=0-2", "#SBATCH --requeue", "#SBATCH --open-mode=append"):
            self.assertIn(line + "\n", self.script())

    def test_the_scripts_train_and_merge(self):
        name = self.write(harness.sweep())
        self.succeed("run", name, "--out", "whole")
        self.succeed("slurm", name, "--out", "it's 100% out", "--tasks", "3")
        for task in (2, 0, 1):
            subprocess.run(["bash", self.folder / "it's 100% out/slurm/array.sbatch"], check=True, cwd="/",
                           env=self.environment(SLURM_ARRAY_TASK_ID=str(task)), capture_output=True)
        subprocess.run(["bash", self.folder / "it's 100% out/slurm/merge.sbatch"], check=True, cwd="/",
                       env=self.environment(), capture_output=True)
        self.assert_same_tables("it's 100% out", "whole")

    def test_relative_paths_of_the_config_stay_relative_to_it(self):
        (self.folder / "configs").mkdir()
        (self.folder / "configs/points.csv").write_text("x,y\n" + "".join(f"{i},{i % 3}\n" for i in range(20)))
        config = harness.sweep(seeds=1, data={"kind": "csv", "path": "points.csv", "targets": ["y"]})
        self.write(config, "configs/small.json")
        self.succeed("slurm", "configs/small.json", "--out", "out", "--tasks", "1")
        done = subprocess.run(["bash", self.folder / "out/slurm/array.sbatch"], check=False, cwd="/", text=True,
                              env=self.environment(SLURM_ARRAY_TASK_ID="0"), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def start_task(self, out="out"):
        self.write(harness.slow_sweep(), "slow.json")
        self.succeed("slurm", "slow.json", "--out", out, "--tasks", "1")
        task = subprocess.Popen(["bash", self.folder / out / "slurm/array.sbatch"], cwd=self.folder,
                                env=self.environment(SLURM_ARRAY_TASK_ID="0", SLURM_JOB_ID="7"),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not (self.folder / out / "shards/0-of-1/results.sqlite").exists():
            self.assertIsNone(task.poll())
            time.sleep(0.02)
        return task

    def test_sigterm_is_passed_on_and_before_the_time_limit_the_task_queues_itself_again(self):
        for number, queued in ((signal.SIGTERM, False), (signal.SIGUSR1, True)):
            task = self.start_task(f"out{number}")
            task.send_signal(number)
            error = task.communicate(timeout=30)[1]
            self.assertEqual(task.returncode, 143, error)
            self.assertIn("stopped by SIGTERM", error)
            self.assertEqual("scontrol requeue 7" in (self.folder / "calls").read_text(), queued)

    def test_a_task_waits_for_another_process_that_still_writes_its_shard(self):
        first = self.start_task()
        second = subprocess.Popen(["bash", self.folder / "out/slurm/array.sbatch"], cwd=self.folder,
                                  env=self.environment(SLURM_ARRAY_TASK_ID="0"), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        self.assertIsNone(second.poll())
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=30)
        out, error = second.communicate(timeout=60)
        self.assertEqual(second.returncode, 0, error)
        self.assertIn("400 of 400 recorded", out)

    def test_the_limit_of_the_cluster_is_respected(self):
        name = self.write(harness.sweep(seeds=20))
        self.assertIn("MaxArraySize", self.fail_with(2, "slurm", name, "--out", "out", "--tasks", "6"))
        self.assertFalse((self.folder / "out").exists())
        self.succeed("slurm", name, "--out", "out", "--tasks", "5")

    def test_short_runs_are_bundled(self):
        name = self.write(harness.sweep(seeds=20))
        self.assertIn("80 runs in 1 tasks", self.succeed("slurm", name, "--out", "out"))

    def test_a_failing_sbatch_is_told(self):
        self.stand_in("sbatch", 'echo "sbatch: error: Invalid partition" >&2; exit 1')
        name = self.write(harness.sweep())
        error = self.fail_with(4, "slurm", name, "--out", "out", "--submit", "--tasks", "2")
        self.assertIn("Invalid partition", error)
        (self.programs / "sbatch").unlink()
        plain = {"PATH": str(self.programs)}
        done = subprocess.run(self.command("slurm", name, "--out", "out", "--submit", "--tasks", "2"), env=plain,
                              cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("there is no such program", done.stderr)

    def test_names_and_options_cannot_smuggle_in_commands(self):
        name = self.write(harness.sweep(name="a\" $(touch smuggled) `b`"))
        done = self.run_program("slurm", name, "--out", "out", "--tasks", "1")
        if done.returncode == 0:
            self.assertNotIn("touch smuggled", self.script())
        self.fail_with(2, "slurm", self.write(harness.sweep()), "--out", "out", "--sbatch=--x\ntouch smuggled")
        self.fail_with(2, "slurm", self.write(harness.sweep()), "--out", "out\ntouch smuggled", "--tasks", "1")


if __name__ == "__main__":
    harness.main()
