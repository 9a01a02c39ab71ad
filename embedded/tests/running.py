"""Start one of our programs as a user would, in an environment without the tests' own settings."""

import os
import subprocess
import sys
import threading
import time

import psutil

OURS = ("HUB_", "N8N_", "SPARK_", "DATABASE_URL", "SECRET_KEY", "DJANGO_", "PORT", "ONCE", "PYTEST_")


class Program:
    def __init__(self, module, var, **settings):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OURS) or name in ("HUB_CACHE_DIR", "SPARK_HOME")
        }
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**kept, "HUB_VAR_DIR": str(var), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def output(self):
        return "".join(self.lines)

    def wait_for(self, condition, seconds=110):
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
            assert time.monotonic() < deadline, f"it never happened:\n{self.output}"
            time.sleep(0.1)

    def below(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self):
        """End it with everything below it, for a test that failed half-way."""
        while self.process.poll() is None:
            for process in [*self.below(), psutil.Process(self.process.pid)]:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.05)
