"""Run one SQL query over named datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hub import Refused, context
from pyspark.errors import ParseException
from pyspark.sql import DataFrame, SparkSession

OUTSIDE = {"CallMethodViaReflection": "reflect and java_method", "ScriptTransformation": "TRANSFORM ... USING"}
"""What leads from a query into Spark's own process or machine, by the name it has in a plan."""


def transform(spark: SparkSession, frames: dict[str, DataFrame], query: str) -> DataFrame:
    """Return what the query answers when each frame is a view by its name. The query sees nothing else."""
    for name, frame in frames.items():
        frame.createOrReplaceTempView(name)
    query = query.strip().rstrip(";")
    # Else FROM parquet.`/path` would read whatever Spark can, and ${env:NAME} be what the machine says.
    spark.conf.set("spark.sql.runSQLOnFiles", "false")
    spark.conf.set("spark.sql.variable.substitute", "false")
    require_query(spark, query)
    return with_own_names(kept_inside(spark.sql(query)))


def require_query(spark: SparkSession, query: str) -> None:
    """Refuse whatever is no query: statements are carried out at once, before anything could look at their plan."""
    parser = spark._jsparkSession.sessionState().sqlParser()
    try:
        parser.parseQuery(query)
    except ParseException:
        parser.parsePlan(query)  # says better what is wrong with the query, unless it is a statement
        raise Refused(
            "This is a statement, not a query.", fix="Write one SELECT over the names of the inputs.", code="no_query"
        ) from None


def kept_inside(frame: DataFrame) -> DataFrame:
    """Return the frame if nothing in its plan, however deep or oddly spelt, leaves the query."""
    plan = json.loads(frame._jdf.queryExecution().analyzed().toJSON())
    if found := OUTSIDE.keys() & set(classes(plan)):
        names = " and ".join(sorted(OUTSIDE[name] for name in found))
        raise Refused(
            f"A query may not use {names}.", fix="Use Spark's SQL functions on the inputs.", code="leaves_the_query"
        )
    return frame


def classes(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for part in plan:
            yield from classes(part)
    elif isinstance(plan, dict):
        yield str(plan.get("class", "")).rpartition(".")[2]
        yield from classes(list(plan.values()))


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
