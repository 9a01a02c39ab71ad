"""What a Spark job sees of the hub: `from hub import context`.

Only the standard library and pyspark are imported here, because a cluster's Python has nothing of the hub's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MAIN = "main"
NO_COLUMNS = "_hub_no_columns"
"""The hub gives a dataset without columns this one, for Parquet knows no file without any. Jobs do not see it."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Refused(Exception):
    """End the run with words for the person who set it up: what is wrong with the settings, and what to do."""

    def __init__(self, message: str, *, fix: str = "", code: str = "refused", retryable: bool = False) -> None:
        super().__init__(message)
        self.fix = fix
        self.code = code
        self.retryable = retryable


class Inputs(Mapping[str, "DataFrame"]):
    """The datasets of this run by name, each read when it is asked for."""

    def __init__(self, context: Context, sources: list[dict[str, str]]) -> None:
        self._context = context
        self._sources = {source["name"]: source for source in sources}

    def __getitem__(self, name: str) -> DataFrame:
        if name not in self._sources:
            known = ", ".join(self._sources) or "none"
            raise Refused(f'There is no input named "{name}".', fix=f"This run has these inputs: {known}.")
        source = self._sources[name]
        return self._context.spark.read.format(source["format"]).load(source["uri"]).drop(NO_COLUMNS)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


class Context:
    """One run, as its job sees it.

    `config` and `credential` are the integration's settings, `inputs` its datasets by name, `state` what the last
    successful run left with `set_state`, and `metrics` takes numbers to show with the run.
    """

    def __init__(self) -> None:
        self.run_id = ""
        self.config: dict[str, Any] = {}
        self.credential: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        self.inputs = Inputs(self, [])
        self.query = ""
        self.roots: list[str] = []
        self.outputs: dict[str, str] = {}
        self.next_state: dict[str, Any] | None = None
        self._output_directory = Path()

    def load(self, value: dict[str, Any]) -> None:
        """Take the values of the hub's context file; only the bootstrap calls this."""
        self.run_id = value["run_id"]
        self.config = value["config"]
        self.credential = value["credential"]
        self.state = value["state"]
        self.query = value["query"]
        self.roots = value.get("roots", [])
        self.inputs = Inputs(self, value["inputs"])
        self._output_directory = Path(value["output"])

    @cached_property
    def spark(self) -> SparkSession:
        """The session, made when it is first needed."""
        from pyspark.sql import SparkSession  # noqa: PLC0415 - a job that fails early need not wait for this import

        return SparkSession.builder.getOrCreate()

    def input(self, name: str) -> DataFrame:
        return self.inputs[name]

    def set_state(self, state: dict[str, Any]) -> None:
        """Hand `state` to the next run, once this one has succeeded. It must be JSON."""
        self.next_state = state

    def allowed(self, address: str) -> str:
        """Return a path, URI or pattern if it is in a place that the hub's settings open to jobs; else `Refused`."""
        if ".." not in address.split("/") and any(_is_within(address, root) for root in self.roots):
            return address
        raise Refused(
            f"{address} is in no place that jobs may read or write.",
            fix=f"Use one of {', '.join(self.roots)}." if self.roots else "Have an administrator set HUB_FILE_ROOTS.",
            code="place_not_allowed",
        )

    def write(self, frame: DataFrame, name: str = "") -> None:
        """Make `frame` this run's rows; a second call adds to them. `name` tells several datasets apart."""
        if not hasattr(frame, "write"):
            raise Refused(
                f"context.write takes a Spark DataFrame, not {type(frame).__name__}.",
                fix="Make one with context.spark.createDataFrame(...).",
            )
        if name in (MAIN, "rows"):
            name = ""
        if name and not NAME.fullmatch(name):
            raise Refused(f'"{name}" cannot name an output.', fix="Use letters, digits, - and _ only.")
        path = str(self._output_directory / (name or MAIN))
        if frame.columns:
            _storable(frame).write.mode("append").parquet(path)
        self.outputs[name] = path


def _is_within(address: str, root: str) -> bool:
    """Whether all that the address can stand for is below the root, links followed."""
    if _is_local(address) and _is_local(root):
        # What lies before the first character of a pattern; what it matches is asked for by its own name again.
        path = address.removeprefix("file:")
        begin = re.split(r"[*?\[{\\]", path, maxsplit=1)[0]
        fixed = Path(path) if begin == path else Path(begin + "x").parent
        return fixed.resolve().is_relative_to(Path(root.removeprefix("file:")).resolve())
    return not _is_local(root) and address.startswith(root.rstrip("/") + "/")


def _is_local(address: str) -> bool:
    return address.startswith(("/", "file:/"))


def quoted(name: str) -> str:
    """Return a column's name as Spark takes it for one column, dots and all."""
    return "`" + name.replace("`", "``") + "`"


def require_columns(frame: DataFrame, names: Iterable[str], dataset: str = "The dataset") -> None:
    """Refuse names that are no columns of the frame; one that never had a row has no columns, and lacks none."""
    missing = [name for name in names if name not in frame.columns]
    if missing and frame.columns:
        raise Refused(
            f"{dataset} has no column named {', '.join(missing)}.",
            fix=f"It has these columns: {', '.join(frame.columns)}.",
            code="missing_column",
        )


def _storable(frame: DataFrame) -> DataFrame:
    """Give columns that are null throughout a type, for Parquet has none for them."""
    untyped = [field.name for field in frame.schema.fields if field.dataType.typeName() == "void"]
    return frame.withColumns({name: frame[name].cast("string") for name in untyped}) if untyped else frame


context = Context()
