"""Estimate pi by throwing points at a square: a smoke test that needs no input."""

from __future__ import annotations

import math

from hub import context
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows


def estimate(spark: SparkSession, *, samples: int, partitions: int, seed: int) -> DataFrame:
    """Return one row: how many points fell into the circle, and what that makes of pi."""
    x, y = F.rand(seed), F.rand(seed + 1)
    points = spark.range(0, samples, 1, partitions).select((x * x + y * y <= 1).cast("long").alias("is_inside"))
    counted = points.agg(F.count("*").alias("samples"), F.sum("is_inside").alias("inside"))
    pi = F.lit(4.0) * F.col("inside") / F.col("samples")
    return counted.withColumns({"pi": pi, "error": F.abs(pi - F.lit(math.pi))})


def main() -> None:
    config = context.config
    frame = estimate(
        context.spark,
        samples=config.get("samples", 1_000_000),
        partitions=config.get("partitions", 2),
        seed=config.get("seed", 42),
    )
    context.write(frame)


if __name__ == "__main__":
    main()
