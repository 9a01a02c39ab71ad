"""The same script by bare spark-submit and through the hub, in turns."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyspark

from bench import hub as hubs
from bench.figures import Figure, median

PART = "spark"
SAMPLES = 2_000_000
SCRIPT = f"""
from pyspark.sql import SparkSession, functions as f
spark = SparkSession.builder.getOrCreate()
points = spark.range(0, {SAMPLES}, 1, 2).select(f.rand(7).alias("x"), f.rand(8).alias("y"))
inside = points.where("x * x + y * y <= 1").count()
spark.createDataFrame([(4 * inside / {SAMPLES},)], ["pi"]).write.parquet("OUT")
"""


def measure(quick: bool) -> Iterator[Figure]:
    with hubs.running({"HUB_N8N": "off", "HUB_ENGINES": hubs.REAL}) as hub:
        run = f"integrations/{hub.integrate('pi_estimate', {'samples': SAMPLES, 'partitions': 2})}/run"
        bare, through = [], []
        for _ in range(2 if quick else 4):
            bare.append(submit())
            began = time.perf_counter()
            ended = hub.call("POST", f"{run}?wait=60")
            through.append(time.perf_counter() - began)
            if ended["state"] != "succeeded":
                raise RuntimeError(f"The run ended as {ended['state']}: {ended['failure']}")
    yield Figure(PART, "bare spark-submit, median", median(bare), "s")
    yield Figure(PART, "through the hub, median", median(through), "s")
    yield Figure(PART, "the hub to bare spark-submit", median(through) / median(bare), "", "<= 1.05")


def submit() -> float:
    home = Path(pyspark.__file__).parent
    with tempfile.TemporaryDirectory(prefix="hub-bench-spark-") as folder:
        script = Path(folder) / "pi.py"
        script.write_text(SCRIPT.replace("OUT", f"{folder}/out"))
        began = time.perf_counter()
        subprocess.run(
            [home / "bin" / "spark-submit", "--master", "local[*]", script],
            env={
                **os.environ,
                "PYSPARK_PYTHON": sys.executable,
                "SPARK_HOME": str(home),
                "SPARK_LOCAL_IP": "127.0.0.1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - began
