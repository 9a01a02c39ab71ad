"""Split rows for training, validation and test."""

from __future__ import annotations

from typing import Any

from hub import Refused, context, quoted, require_columns
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

PLACE = "__place"
STEPS = 1_000_000


def placed(frame: DataFrame, by: dict[str, Any], seed: int) -> DataFrame:
    """Return the rows with a place from 0 to 1: the last ones test, those before them validate, the rest train."""
    names = by.get("columns") or ([by["column"]] if "column" in by else [])
    require_columns(frame, names)
    if not frame.columns:
        return frame.withColumn(PLACE, F.lit(0.0))
    columns = [frame[quoted(name)] for name in names]
    match by["type"]:
        case "rows":
            place = hashed(seed, *hashable(frame))
        case "group":
            place = hashed(seed, *columns)
        case "class":
            by_class = Window.partitionBy(*columns).orderBy(hashed(seed, *hashable(frame)), *hashable(frame))
            place = share(by_class)
        case _:
            place = share(Window.partitionBy().orderBy(columns[0].asc_nulls_first(), *hashable(frame)))
    return frame.withColumn(PLACE, place)


def hashed(seed: int, *columns: Column) -> Column:
    """A number from 0 to 1 that follows from the values alone."""
    return F.pmod(F.xxhash64(F.lit(seed), *columns), F.lit(STEPS)) / F.lit(STEPS)


def share(window: Any) -> Column:
    """How much of the window lies before the row: to the row, in whatever size."""
    whole = window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    return (F.row_number().over(window) - F.lit(1)) / F.count(F.lit(1)).over(whole)


def hashable(frame: DataFrame) -> list[Column]:
    return [frame[quoted(field.name)] for field in frame.schema.fields if not holds_map(field.dataType)]


def holds_map(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return holds_map(kind.elementType)
    if isinstance(kind, StructType):
        return any(holds_map(field.dataType) for field in kind.fields)
    return isinstance(kind, MapType) or kind.typeName() == "variant"


def split(
    frame: DataFrame, *, test_share: float, validation_share: float, by: dict[str, Any], seed: int
) -> dict[str, DataFrame]:
    """Return the parts by name; the main one is for training."""
    train_share = round(1 - test_share - validation_share, 9)
    if train_share <= 0:
        raise Refused("Nothing is left to train with.", fix="Test and validation share together must stay below 1.")
    rows = placed(frame, by, seed).cache()
    place = F.round(rows[PLACE], 9)
    parts = {"": place < train_share, "test": place >= round(1 - test_share, 9)}
    if validation_share:
        parts["validation"] = (place >= train_share) & (place < round(1 - test_share, 9))
    return {name: rows.where(condition).drop(PLACE) for name, condition in parts.items()}


def main() -> None:
    config = context.config
    parts = split(
        context.input("dataset"),
        test_share=config.get("test_share", 0.2),
        validation_share=config.get("validation_share", 0),
        by=config.get("by", {"type": "rows"}),
        seed=config.get("seed", 42),
    )
    for name, frame in parts.items():
        context.write(frame, name)
        context.metrics[f"rows_{name or 'train'}"] = frame.count()


if __name__ == "__main__":
    main()
