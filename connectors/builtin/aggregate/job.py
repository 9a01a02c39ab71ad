"""Group rows and compute measures of each group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import Refused, context, quoted, require_columns
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows
from pyspark.sql.types import DateType, NumericType, TimestampNTZType, TimestampType

PERIOD = "period"
MOST_VALUES = 1000
NUMERIC = ("sum", "avg", "median", "stddev")
FUNCTIONS: dict[str, Callable[[Column], Column]] = {
    "count": F.count,
    "count_distinct": F.count_distinct,
    "sum": F.sum,
    "avg": F.avg,
    "min": F.min,
    "max": F.max,
    "median": F.median,
    "stddev": F.stddev,
    "values": lambda column: F.slice(F.array_sort(F.collect_set(column)), 1, MOST_VALUES),
}


def aggregate(
    frame: DataFrame, *, group_by: list[str], measures: list[dict[str, Any]], period: dict[str, Any] | None = None
) -> DataFrame:
    """Return one row for each group: its columns, its period, and its measures."""
    asked = [measure["column"] for measure in measures if measure.get("column")]
    require_columns(frame, [*group_by, *asked, *([period["column"]] if period else [])])
    if not frame.columns:
        return frame
    groups = [frame[quoted(name)] for name in group_by]
    if period:
        groups.append(period_of(frame, period["column"], period.get("unit", "day")))
    named = {name_of(measure): measured(frame, measure) for measure in measures}
    require_own_names([*group_by, *([PERIOD] if period else []), *map(name_of, measures)])
    found = frame.groupBy(*groups).agg(*(column.alias(name) for name, column in named.items()))
    return found.orderBy(*(found[quoted(name)] for name in found.columns[: len(groups)]))


def measured(frame: DataFrame, measure: dict[str, Any]) -> Column:
    function, name = measure["function"], measure.get("column", "")
    if not name:
        if function != "count":
            raise Refused(f"The measure {function} names no column.", fix="Name one; only count does without.")
        return F.count(F.lit(1))
    column = frame[quoted(name)]
    is_number = isinstance(frame.schema[name].dataType, NumericType)
    return FUNCTIONS[function](column if is_number or function not in NUMERIC else column.cast("double"))


def period_of(frame: DataFrame, name: str, unit: str) -> Column:
    column, kind = frame[quoted(name)], frame.schema[name].dataType
    moment = column if isinstance(kind, DateType | TimestampType | TimestampNTZType) else column.cast("timestamp")
    start = F.date_trunc(unit, moment)
    return (start if unit == "hour" else start.cast("date")).alias(PERIOD)


def name_of(measure: dict[str, Any]) -> str:
    return measure.get("name") or "_".join(filter(None, (measure["function"], measure.get("column", ""))))


def require_own_names(names: list[str]) -> None:
    twice = sorted({name for name in names if [other.lower() for other in names].count(name.lower()) > 1})
    if twice:
        raise Refused(
            f"More than one column would be named {', '.join(twice)}.",
            fix="Give each measure a name of its own.",
            code="duplicate_columns",
        )


def main() -> None:
    config = context.config
    frame = context.input("dataset")
    context.write(
        aggregate(
            frame,
            group_by=config.get("group_by", []),
            measures=config["measures"],
            period=config.get("period"),
        )
    )
    context.metrics["rows_read"] = frame.count()


if __name__ == "__main__":
    main()
