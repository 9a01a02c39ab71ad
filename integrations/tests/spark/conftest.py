import time
import uuid
from pathlib import Path

import pytest

from integrations.domain import Job, Source, SparkEntry
from integrations.engines.spark.engine import SparkEngine, opened
from integrations.engines.spark.process import end
from integrations.engines.spark.submit import Submission

PATIENCE_SECONDS = 110


class Desk:
    """Starts jobs for a test and ends whatever of them is left when the test is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = SparkEngine()
        self.handles = []

    def job(self, script="", *, kind="python", inputs=(), suffix=".py", entry="", **values) -> Job:
        file = self.folder / f"job{suffix}"
        file.write_text(script)
        spark = SparkEntry(
            kind, entry or str(file), conf=values.pop("conf", {}), main_class=values.pop("main_class", "")
        )
        run_id = uuid.uuid4()
        values = {"config": {}, "workspace": self.folder / str(run_id), **values}
        return Job(run_id, 1, uuid.uuid4(), "tested", inputs=tuple(inputs), spark=spark, **values)

    def start(self, job):
        handle = self.engine.start(job).handle
        self.handles.append(handle)
        return handle

    def outcome(self, job, handle):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not (progress := self.engine.poll(job, handle)).outcome:
            assert time.monotonic() < give_up, self.log(handle)
            time.sleep(0.05)
        return progress.outcome

    def run(self, job):
        return self.outcome(job, self.start(job))

    def log(self, handle) -> str:
        return "\n".join(self.engine.logs(handle, "").lines)

    def members(self, handle) -> list[int]:
        return opened(handle)[0].members()

    def close(self) -> None:
        for handle in self.handles:
            assert end(opened(handle)[0], patience_seconds=0)


@pytest.fixture
def desk(tmp_path, settings):
    settings.SPARK_MASTER = "local[1]"
    settings.SPARK_CONF = {}
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def shell_driver(monkeypatch):
    """Let a shell script stand for the driver: the job's file is run by sh."""

    def prepare(job, target, directory):
        return Submission(["/bin/sh", job.spark.entry], {"PATH": "/usr/bin:/bin"})

    monkeypatch.setattr("integrations.engines.spark.submit.prepare", prepare)
    monkeypatch.setattr("integrations.engines.spark.installation.Java.find", lambda: None)


def wait_until(condition, words="the condition") -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for {words}"
        time.sleep(0.05)


def source(frame_path: Path, name: str) -> Source:
    return Source(name=name, uri=frame_path.as_uri())
