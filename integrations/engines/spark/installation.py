"""What is installed on this host: Java, Spark, and the archive that lets a local driver start in half the time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Self

OLDEST_JAVA = 17
VERSION = re.compile(r'version "(\d+)([^"]*)"')
ARCHIVE = "classes.jsa"
COMMAND = "command.json"
# Java's optimising compiler works for most of a short job on code that never pays it back. Stopping it altogether
# (TieredStopAtLevel=1) spares a short job a quarter more, but makes a long one slower by as much: so it only waits.
LATE_OPTIMISING = {"Invocation": 50_000, "MinInvocation": 6_000, "Compile": 150_000, "BackEdge": 400_000}
JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    *(f"-XX:Tier4{event}Threshold={count}" for event, count in LATE_OPTIMISING.items()),
    "-Xshare:auto",
    "-Xlog:disable",
)


class Missing(Exception):
    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Java:
    path: Path
    major: int
    version: str

    @classmethod
    def find(cls) -> Self:
        """Return the Java that Spark would use; raise `Missing` when it has none it can run on."""
        how = f"Install Java {OLDEST_JAVA} or newer (Debian: apt install openjdk-17-jre-headless) or set JAVA_HOME."
        home = os.environ.get("JAVA_HOME")
        path = shutil.which(str(Path(home, "bin", "java")) if home else "java")
        if path is None:
            raise Missing(f"There is no Java{f' in JAVA_HOME ({home})' if home else ''}.", how)
        java = _ask(path, Path(path).stat().st_mtime)
        if java is None:
            raise Missing(f"{path} does not run or does not say its version.", how)
        if java[0] < OLDEST_JAVA:
            raise Missing(f"{path} is Java {java[1]}; Spark 4 needs {OLDEST_JAVA} or newer.", how)
        return cls(Path(path), *java)


@cache
def _ask(path: str, changed_at: float) -> tuple[int, str] | None:
    """Return the major and whole version of a Java; asked once for each file as it is."""
    try:
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = VERSION.search(answer.stderr)
    return (int(found[1]), found[1] + found[2]) if found else None


def spark_home() -> Path:
    """Return SPARK_HOME, or else the pyspark package; found without importing it, which is slow."""
    if home := os.environ.get("SPARK_HOME"):
        return Path(home)
    spec = find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise Missing("pyspark is not installed.", "Run: pip install -r requirements.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def spark_version() -> str:
    try:
        return version("pyspark")
    except PackageNotFoundError:
        return ""


def cache_directory() -> Path:
    default = Path.home() / ".cache" / "servicetsunami-hub"
    return Path(os.environ.get("HUB_CACHE_DIR") or default)


@dataclass(frozen=True, slots=True)
class FastStart:
    """A class archive and the java command it was made with. It serves that Java and that Spark only."""

    directory: Path

    @classmethod
    def here(cls) -> Self:
        """Return where the archive for this Java and this Spark belongs, made or not."""
        home, java = spark_home(), Java.find()
        identity = f"{java.path.resolve()} {java.version} {home} {(home / 'jars').stat().st_mtime}"
        mark = hashlib.sha256(identity.encode()).hexdigest()[:12]
        return cls(cache_directory() / f"spark-{spark_version()}-java-{java.major}-{mark}")

    @property
    def archive(self) -> Path:
        return self.directory / ARCHIVE

    @property
    def is_made(self) -> bool:
        return self.archive.is_file() and (self.directory / COMMAND).is_file()

    def command(self, *, memory: str) -> list[str]:
        """Return the java command up to and without its main class."""
        prefix: list[str] = json.loads((self.directory / COMMAND).read_text())
        return [*prefix, f"-Xmx{memory}", *JVM_OPTIONS, f"-XX:SharedArchiveFile={self.archive}"]
