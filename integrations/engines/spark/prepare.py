"""Makes the archive that lets a local driver start in half the time: one short job for each Java and Spark."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.engines.spark.installation import ARCHIVE, COMMAND, JVM_OPTIONS, FastStart, Java, Missing, spark_home
from integrations.engines.spark.submit import MAIN_CLASS, RUNTIME

LAUNCHER_CLASS = "org.apache.spark.launcher.Main"
TRAINING_SECONDS = 300
Say = Callable[[str], None]


def prepare(say: Say) -> FastStart:
    """Make the archive unless it is there, and return it. One process makes it, the others wait."""
    fast = FastStart.here()
    fast.directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(fast.directory.with_suffix(".lock"), say):
        if fast.is_made:
            say(f"The archive is there: {fast.archive}")
            return fast
        say(f"Running a short Spark job to make {fast.archive} (about half a minute) ...")
        _make(fast)
        say(f"Made {fast.archive.stat().st_size / 1e6:.0f} MB. Local Spark runs start in half the time from now on.")
    return fast


@contextmanager
def _locked(file: Path, say: Say) -> Iterator[None]:
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process makes the archive; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(fast: FastStart) -> None:
    """Train in a folder beside the archive's and rename it when it is whole."""
    draft = Path(tempfile.mkdtemp(dir=fast.directory.parent, prefix=f".{fast.directory.name}-"))
    try:
        command = java_command()
        (draft / COMMAND).write_text(json.dumps(command))
        _train(command, draft)
        shutil.rmtree(fast.directory, ignore_errors=True)
        draft.rename(fast.directory)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def java_command() -> list[str]:
    """Return java, classpath and options as Spark's own launcher gives them, without the memory and the main class."""
    home, java = spark_home(), Java.find()
    launcher = [str(java.path), "-Xmx128m", "-cp", f"{home / 'jars'}/*", LAUNCHER_CLASS, MAIN_CLASS, "none.py"]
    answer = _run(launcher, home, seconds=60)
    words = [word.strip() for word in answer.split("\0") if word.strip()]
    return [word for word in words[: words.index(MAIN_CLASS)] if not word.startswith("-Xmx")]


def _train(command: list[str], draft: Path) -> None:
    arguments = ["--master", "local[2]", "--conf", "spark.ui.port=0", str(RUNTIME / "training.py")]
    making = f"-XX:ArchiveClassesAtExit={draft / ARCHIVE}"
    _run([*command, "-Xmx1g", *JVM_OPTIONS, making, MAIN_CLASS, *arguments], spark_home(), seconds=TRAINING_SECONDS)
    if not (draft / ARCHIVE).is_file():
        raise Missing(
            "Java made no class archive.", "Use a full OpenJDK of 17 or newer. Spark works without it, slower."
        )


def _scala(home: Path) -> str:
    """Read Scala's version off a jar's name, spark-core_2.13-4.3.0.jar: Spark's launcher looks for it elsewhere."""
    jar = next((home / "jars").glob("spark-core_*.jar"), None)
    if jar is None:
        raise Missing(
            f"There are no Spark jars in {home}.", "Correct SPARK_HOME, or unset it to use the pyspark package."
        )
    return jar.name.removeprefix("spark-core_").partition("-")[0]


def _run(command: list[str], home: Path, *, seconds: int) -> str:
    python = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable, "PYTHONHASHSEED": "0"}
    spark = {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": _scala(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment = {**os.environ, **python, **spark}
    try:
        answer = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            cwd=tempfile.gettempdir(),
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"The training job did not end in {seconds} s.", "Try again when the machine is idle.") from None
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise Missing(f"The training job failed. It said: {last[0]}", "Check Java and pyspark with `manage.py doctor`.")
    return answer.stdout
