"""Run one SQL query over named datasets."""

from __future__ import annotations

from hub import Refused, context
from pyspark.sql import DataFrame, SparkSession


def transform(spark: SparkSession, frames: dict[str, DataFrame], query: str) -> DataFrame:
    """Return what the query answers when each frame is a view by its name."""
    for name, frame in frames.items():
        frame.createOrReplaceTempView(name)
    return with_own_names(spark.sql(query.strip().rstrip(";")))


def with_own_names(frame: DataFrame) -> DataFrame:
    """Return the frame if every column has a name of its own; case does not tell two columns apart."""
    seen: set[str] = set()
    twice = {name for name in frame.columns if name.lower() in seen or seen.add(name.lower())}
    if twice:
        names = ", ".join(sorted(twice))
        raise Refused(
            f"The query's result has more than one column named {names}.",
            fix="Give each column its own name: SELECT a.id AS a_id, b.id AS b_id ...",
            code="duplicate_columns",
        )
    return frame


def main() -> None:
    query = context.config["query"]
    if not query.strip(" ;\n\t"):
        raise Refused("The query is empty.", fix="Write one SELECT over the names of the inputs.", code="empty_query")
    context.write(transform(context.spark, dict(context.inputs), query))


if __name__ == "__main__":
    main()
