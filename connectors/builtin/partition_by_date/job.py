"""Write a dataset as files, a folder for each period."""

from __future__ import annotations

from typing import Any

from hub import Refused, context, quoted, require_columns
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

PATTERNS = {"year": "yyyy", "month": "yyyy-MM", "day": "yyyy-MM-dd", "hour": "yyyy-MM-dd-HH"}
MODES = {"replace": "overwrite", "append": "append"}


def period(frame: DataFrame, column: str, unit: str) -> Column:
    """The period that a row belongs to, as its folder spells it."""
    return F.date_format(frame[quoted(column)].cast("timestamp"), PATTERNS[unit])


def divided(frame: DataFrame, *, column: str, unit: str, name: str) -> DataFrame:
    require_columns(frame, [column])
    if name.lower() in (known.lower() for known in frame.columns):
        raise Refused(f"The dataset has a column {name} already.", fix="Choose another name of the partition.")
    return frame.withColumn(name, period(frame, column, unit))


def write(rows: DataFrame, target: str, config: dict[str, Any], name: str) -> None:
    """Write the files; with Spark's dynamic mode only folders that have rows are replaced, once all is written."""
    writer = rows.repartition(rows[name]).write.format(config.get("format", "parquet")).partitionBy(name)
    writer = writer.mode(MODES[config.get("mode", "replace")]).option("partitionOverwriteMode", "dynamic")
    writer.option("header", "true").save(target)


def main() -> None:
    config = context.config
    frame, name = context.input("dataset"), config.get("name", "date")
    target = context.allowed(config["target"])
    if not frame.columns:
        context.write(frame)
        return
    rows = divided(frame, column=config["column"], unit=config.get("unit", "day"), name=name).cache()
    write(rows, target, config, name)
    written = rows.groupBy(rows[name].alias("period")).agg(F.count(F.lit(1)).alias("rows")).orderBy("period")
    context.write(written)
    context.metrics["rows_written"] = rows.count()


if __name__ == "__main__":
    main()
