"""Keep one row for each key."""

from __future__ import annotations

from hub import context, quoted, require_columns
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

RANK = "__rank"


def deduplicate(
    frame: DataFrame, *, keys: list[str], order: str = "", direction: str = "ascending", keep: str = "first"
) -> DataFrame:
    """Return one row for each value of `keys`: the first or the last by `order`.

    Rows that are equal in `order`, or all rows when there is none, are told apart by their content, so that
    the same rows give the same answer every time.
    """
    require_columns(frame, [*keys, *([order] if order else [])])
    if not frame.columns:
        return frame
    by = [*(ranking(frame[quoted(order)], direction, keep) if order else []), content(frame)]
    window = Window.partitionBy(*(frame[quoted(key)] for key in keys)).orderBy(*by)
    ranked = frame.withColumn(RANK, F.row_number().over(window))
    return ranked.where(F.col(RANK) == 1).drop(RANK)


def ranking(column: Column, direction: str, keep: str) -> list[Column]:
    is_ascending = (direction == "ascending") == (keep == "first")
    # A row without a value in the order column is never preferred to one that has it.
    return [column.asc_nulls_last() if is_ascending else column.desc_nulls_last()]


def content(frame: DataFrame) -> Column:
    """Return a number made of all columns that Spark can hash."""
    hashable = [frame[quoted(field.name)] for field in frame.schema.fields if not holds_map(field.dataType)]
    return F.xxhash64(*hashable) if hashable else F.lit(0)


def holds_map(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return holds_map(kind.elementType)
    if isinstance(kind, StructType):
        return any(holds_map(field.dataType) for field in kind.fields)
    return isinstance(kind, MapType) or kind.typeName() == "variant"


def main() -> None:
    config = context.config
    frame = context.input("dataset")
    answer = deduplicate(
        frame,
        keys=config["keys"],
        order=config.get("order_column", ""),
        direction=config.get("direction", "ascending"),
        keep=config.get("keep", "first"),
    )
    context.write(answer)
    if answer.columns:
        # Both counts come from the files' footers; no row is read for them.
        read, kept = frame.count(), context.spark.read.parquet(context.outputs[""]).count()
        context.metrics |= {"rows_read": read, "duplicates_removed": read - kept}


if __name__ == "__main__":
    main()
