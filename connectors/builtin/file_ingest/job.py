"""Read files that match patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub import Refused, context
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

PATTERN = set("*?[]{}\\")
"""What Spark takes for a pattern, also in the name of a file that is there."""


@dataclass(frozen=True, slots=True)
class File:
    """`changed` is in milliseconds since 1970."""

    address: str
    changed: int


def found(spark: SparkSession, patterns: list[str]) -> list[File]:
    """Return the files that match, each once and by name. Raises `Refused` for what may not be read."""
    files: dict[str, File] = {}
    for pattern in patterns:
        where = spark._jvm.org.apache.hadoop.fs.Path(context.allowed(pattern))
        system = where.getFileSystem(spark._jsc.hadoopConfiguration())
        for status in listed(system, system.globStatus(where)):
            address = context.allowed(status.getPath().toString())
            require_plain(address)
            files[address] = File(address, status.getModificationTime())
    return sorted(files.values(), key=lambda file: file.address)


def listed(system: Any, statuses: Any) -> list[Any]:
    """Return files; of a folder those in it. What begins with . or _ is not meant for readers."""
    files = []
    for status in statuses or []:
        files += system.listStatus(status.getPath()) if status.isDirectory() else [status]
    return [file for file in files if file.isFile() and file.getPath().getName()[0] not in "._"]


def require_plain(address: str) -> None:
    if PATTERN & set(address):
        raise Refused(
            f"The name of {address} has a character that stands for a pattern.",
            fix="Rename the file, or choose a pattern that leaves it out.",
            code="odd_name",
        )


def new(files: list[File], state: dict[str, Any]) -> list[File]:
    """Return those that changed after what was read, and those of the same moment that were not read."""
    at, names = state.get("changed", -1), set(state.get("names", ()))
    return [file for file in files if file.changed > at or (file.changed == at and file.address not in names)]


def after(files: list[File], state: dict[str, Any]) -> dict[str, Any]:
    at = max([state.get("changed", -1), *(file.changed for file in files)])
    kept = state.get("names", []) if state.get("changed") == at else []
    return {"changed": at, "names": sorted({*kept, *(file.address for file in files if file.changed == at)})}


def options(form: dict[str, Any], on_bad: str) -> dict[str, Any]:
    bad = {"mode": "FAILFAST" if on_bad == "fail" else "PERMISSIVE"}
    match form["type"]:
        case "csv":
            own = {
                "header": form.get("header", True),
                "sep": form.get("delimiter", ","),
                "inferSchema": form.get("types", True),
                "encoding": form.get("encoding", "UTF-8"),
                "multiLine": form.get("multiline", False),
                "enforceSchema": False,
            }
        case "json":
            own = {"multiLine": form.get("whole", False)}
        case "xml":
            own = {"rowTag": form["row_tag"], "inferSchema": form.get("types", True)}
        case _:
            return {"mergeSchema": True}
    return own | bad


def read(spark: SparkSession, files: list[File], *, form: dict[str, Any], on_bad: str, file_column: str) -> DataFrame:
    reader = spark.read.format(form["type"]).options(**options(form, on_bad))
    frame = reader.load([file.address for file in files])
    if not file_column:
        return frame
    if file_column.lower() in (name.lower() for name in frame.columns):
        raise Refused(f"The files have a column {file_column} already.", fix="Choose another column for the file.")
    return frame.withColumn(file_column, F.col("_metadata.file_path"))


def main() -> None:
    config, spark = context.config, context.spark
    files = found(spark, config["paths"])
    if config.get("new_only"):
        files = new(files, context.state)
        context.set_state(after(files, context.state))
    elif not files:
        raise Refused(
            f"No file matches {', '.join(config['paths'])}.",
            fix="Correct the pattern, or wait for the file.",
            code="no_file",
        )
    context.metrics["files"] = len(files)
    if not files:
        context.write(spark.createDataFrame([], "struct<>"))
        return
    form = config.get("format", {"type": "csv"})
    on_bad, file_column = config.get("on_bad", "fail"), config.get("file_column", "")
    context.write(read(spark, files, form=form, on_bad=on_bad, file_column=file_column))


if __name__ == "__main__":
    main()
