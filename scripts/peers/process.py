"""A peer at work in a process of its own, where it cannot take the others along when it fails."""

import json
import subprocess
import tempfile
import threading

PATIENCE = 300  # seconds that a peer may take for an answer


class PeerProcess:
    """Answers of the program `command`, which speaks as peer.py says, about one network."""

    def __init__(self, command, environment):
        self.stderr = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, text=True)

    def prepare(self, names):
        """Per name what the peer says of that kind, and the library's version or None."""
        said = {}
        while "version" not in (answer := self._answer()):
            if "peer" not in answer:
                return {name: said.get(name, answer) for name in names}, None
            said[answer["peer"]] = answer
        return said, answer["version"]

    def seconds(self, name):
        """{"seconds": of a step of one network} or {"error": why not}."""
        try:
            print(name, file=self.process.stdin, flush=True)
        except OSError:
            pass  # it has ended, which _answer says
        return self._answer()

    def close(self):
        """Ends the peer, which reads to the end of its input."""
        self.process.communicate()
        self.stderr.close()

    def _answer(self):
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        try:
            return json.loads(line)
        except ValueError:
            return {"error": self._end()}

    def _end(self):
        self.process.kill()
        code = self.process.wait()
        self.stderr.seek(0)
        lines = self.stderr.read().split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
        return f"ended with code {code}: {last}"
