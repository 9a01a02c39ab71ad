"""Join two datasets by their keys."""

from __future__ import annotations

from typing import Any

from hub import Refused, context, quoted, require_columns
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

KINDS = {"semi": "left_semi", "anti": "left_anti"}
KEY = "__key_{}"


def join(left: DataFrame, right: DataFrame, *, keys: list[dict[str, Any]], kind: str, suffix: str) -> DataFrame:
    """Return the joined rows: the left columns, keys among them, then the right ones but for the keys."""
    pairs = [(pair["left"], pair.get("right") or pair["left"]) for pair in keys]
    require_columns(left, [name for name, _ in pairs], "The left dataset")
    require_columns(right, [name for _, name in pairs], "The right dataset")
    if not left.columns or not right.columns:
        return of_one_side(left, right, kind)
    given = renamed(right, pairs, names_of(left, right, pairs, suffix))
    condition = [
        left[quoted(name)].eqNullSafe(given[KEY.format(n)]) & left[quoted(name)].isNotNull()
        for n, (name, _) in enumerate(pairs)
    ]
    joined = left.join(given, condition, KINDS.get(kind, kind))
    if kind in KINDS:
        return joined
    mine = [key_of(left, given, pairs, name) for name in left.columns]
    theirs = [given[quoted(name)] for name in given.columns if not name.startswith("__key_")]
    return joined.select(*mine, *theirs)


def key_of(left: DataFrame, right: DataFrame, pairs: list[tuple[str, str]], name: str) -> Column:
    """Return a left column; a key is taken from the right side where only that has a row."""
    numbers = [number for number, (key, _) in enumerate(pairs) if key == name]
    column = left[quoted(name)]
    return F.coalesce(column, *(right[KEY.format(number)] for number in numbers)).alias(name) if numbers else column


def names_of(left: DataFrame, right: DataFrame, pairs: list[tuple[str, str]], suffix: str) -> dict[str, str]:
    """Return what each right column but the keys is called; case does not tell two columns apart."""
    taken = {name.lower() for name in left.columns}
    keys = {key for _, key in pairs}
    names = {name: name + suffix if name.lower() in taken else name for name in right.columns if name not in keys}
    twice = sorted(name for name in names.values() if name.lower() in taken)
    if twice or len({name.lower() for name in names.values()}) < len(names):
        raise Refused(
            f"With the suffix {suffix} two columns would have the same name{': ' + ', '.join(twice) if twice else ''}.",
            fix="Choose another suffix.",
            code="duplicate_columns",
        )
    return names


def renamed(right: DataFrame, pairs: list[tuple[str, str]], names: dict[str, str]) -> DataFrame:
    keys = [right[quoted(key)].alias(KEY.format(number)) for number, (_, key) in enumerate(pairs)]
    return right.select(*keys, *(right[quoted(old)].alias(new) for old, new in names.items()))


def of_one_side(left: DataFrame, right: DataFrame, kind: str) -> DataFrame:
    """Return what is left of a join with a dataset that never had a row."""
    if kind in ("left", "anti", "full") and left.columns:
        return left
    return right if kind in ("right", "full") else left.limit(0)


def main() -> None:
    config = context.config
    left, right = context.input("left"), context.input("right")
    kind = config.get("kind", "inner")
    answer = join(left, right, keys=config["keys"], kind=kind, suffix=config.get("suffix", "_right"))
    context.write(answer)
    context.metrics |= {"rows_left": left.count(), "rows_right": right.count()}


if __name__ == "__main__":
    main()
