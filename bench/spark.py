"""What the hub adds to Spark: the same script by bare spark-submit and as a run, in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Generator
from functools import partial

from bench import hub
from bench.figures import BenchError, Figure, at_most, ratio
from bench.load import Integration, in_turns, seconds
from embedded import processes
from embedded.environment import ROOT
from integrations.engines.spark.installation import spark_home

TITLE = "Spark: a run through the hub against bare spark-submit of the same script"
CONNECTOR = "pi_estimate"
SCRIPT = ROOT / "connectors" / "builtin" / CONNECTOR / "job.py"
CONTEXT = ROOT / "integrations" / "engines" / "spark" / "runtime" / "hub.py"
"""What the script imports; without a hub it has no settings, and writes to the current folder."""


def measure(*, quick: bool) -> Generator[Figure, None, None]:
    with hub.folder() as var, hub.running(var, **hub.NO_N8N) as up:
        up.settle()
        pi = up.client().integration(CONNECTOR)
        if not quick:
            pi.run()  # reads Spark from the disk
        taken = in_turns(partial(seconds, partial(through_hub, pi)), partial(seconds, bare), 1 if quick else 3)
        yield ratio("time of the script", *taken, "s", at_most(1.05))


def through_hub(pi: Integration) -> None:
    if pi.run()["rows"] != 1:
        raise BenchError("The run brought no row.")


def bare() -> None:
    """Submit the script as its author would, and wait for its end."""
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[*]", "--py-files", str(CONTEXT)]
    environment = {**hub.clean_environment(), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [*command, str(SCRIPT)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait()
        finally:
            processes.end_sessions([process.pid], patience_seconds=0)
            process.wait()
        if code:
            output.seek(0)
            raise BenchError(f"spark-submit ended with {code}: {output.read()[-2000:]}")
