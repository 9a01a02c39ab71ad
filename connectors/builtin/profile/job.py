"""Describe each column of a dataset."""

from __future__ import annotations

import json
from typing import Any

from hub import context, quoted, require_columns
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows
from pyspark.sql.types import ArrayType, BinaryType, DataType, MapType, NumericType, StringType, StructType

SHAPE = (
    "column string, type string, rows bigint, nulls bigint, null_share double, distinct bigint, min string, "
    "max string, mean double, stddev double, p25 double, median double, p75 double, min_length bigint, "
    "max_length bigint, top string"
)
NESTED = (ArrayType, MapType, StructType, BinaryType)


def figures(frame: DataFrame, name: str, kind: DataType, *, is_exact: bool) -> dict[str, Column]:
    """Return what is computed of a column, each as one aggregate."""
    column = frame[quoted(name)]
    found = {"nulls": F.count_if(column.isNull())}
    if is_nested(kind):
        return found
    counted = F.count_distinct(column) if is_exact else F.approx_count_distinct(column, 0.02)
    found |= {"distinct": counted, "min": F.min(column).cast("string"), "max": F.max(column).cast("string")}
    if isinstance(kind, NumericType):
        number = column.cast("double")
        found |= {"mean": F.avg(number), "stddev": F.stddev(number)}
        found["quantiles"] = F.percentile_approx(number, [0.25, 0.5, 0.75], 10_000)
    if isinstance(kind, StringType):
        found |= {
            "min_length": F.min(F.length(column)).cast("long"),
            "max_length": F.max(F.length(column)).cast("long"),
        }
    return found


def is_nested(kind: DataType) -> bool:
    return isinstance(kind, NESTED) or kind.typeName() == "variant"


def most_frequent(frame: DataFrame, name: str, top: int) -> str | None:
    column = frame[quoted(name)]
    counted = frame.where(column.isNotNull()).groupBy(column.cast("string").alias("value")).count()
    rows = counted.orderBy(F.desc("count"), "value").limit(top).collect()
    return json.dumps([{"value": row["value"], "count": row["count"]} for row in rows], ensure_ascii=False)


def describe(spark: SparkSession, frame: DataFrame, *, columns: list[str], top: int, is_exact: bool) -> DataFrame:
    """Return one row for each column, in their order."""
    require_columns(frame, columns)
    kinds = {field.name: field.dataType for field in frame.schema.fields if not columns or field.name in columns}
    if not kinds:
        return spark.createDataFrame([], SHAPE)
    frame = frame.cache()
    asked = {name: figures(frame, name, kind, is_exact=is_exact) for name, kind in kinds.items()}
    wanted = [column for found in asked.values() for column in found.values()]
    [row] = frame.agg(F.count(F.lit(1)), *wanted).collect()
    values = iter(row[1:])
    rows = []
    for name, found in asked.items():
        told = {figure: next(values) for figure in found}
        frequent = None if is_nested(kinds[name]) or not top else most_frequent(frame, name, top)
        rows.append(shape(name, kinds[name], row[0], told, frequent))
    return spark.createDataFrame(rows, SHAPE)


def shape(name: str, kind: DataType, rows: int, told: dict[str, Any], frequent: str | None) -> tuple[Any, ...]:
    low, middle, high = told.get("quantiles") or (None, None, None)
    share = round(told["nulls"] / rows, 6) if rows else 0.0
    known = [told.get(figure) for figure in ("distinct", "min", "max", "mean", "stddev")]
    lengths = [told.get(figure) for figure in ("min_length", "max_length")]
    return (name, kind.simpleString(), rows, told["nulls"], share, *known, low, middle, high, *lengths, frequent)


def main() -> None:
    config = context.config
    answer = describe(
        context.spark,
        context.input("dataset"),
        columns=config.get("columns", []),
        top=config.get("top", 5),
        is_exact=config.get("exact", False),
    )
    context.write(answer)


if __name__ == "__main__":
    main()
