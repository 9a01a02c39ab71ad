"""The job behind a connector that is only a query file: inputs are views, `:name` in the query is a setting."""

from __future__ import annotations

from pathlib import Path

from hub import context


def main() -> None:
    for name, frame in context.inputs.items():
        frame.createOrReplaceTempView(name)
    settings = {name: value for name, value in context.config.items() if isinstance(value, str | int | float | bool)}
    query = Path(context.query).read_text()
    context.write(context.spark.sql(query, args=settings))


if __name__ == "__main__":
    main()
