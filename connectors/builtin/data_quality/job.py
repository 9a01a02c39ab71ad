"""Check rules, and set the rows that break them aside."""

from __future__ import annotations

from typing import Any

from hub import Refused, context, quoted, require_columns
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

BROKEN = "broken_rules"
REJECTED = "rejected"
MARK = "__broken"
WHOLE = ("row_count", "fresh")
Rule = dict[str, Any]


def columns_of(rule: Rule) -> list[str]:
    return [*rule.get("columns", []), *(rule[key] for key in ("column", "other") if rule.get(key))]


def name_of(rule: Rule) -> str:
    if rule.get("name"):
        return str(rule["name"])
    about = (
        rule.get("operator", "").join(columns_of(rule)) if rule["type"] == "compare" else ", ".join(columns_of(rule))
    )
    return f"{rule['type']}({about})"


def marked(frame: DataFrame, rules: list[Rule]) -> DataFrame:
    """Return the rows with the names of the rules that each of them breaks, in one array column."""
    broken = [F.when(breaks(frame, rule), F.lit(name_of(rule))) for rule in rules]
    return frame.withColumn(MARK, F.array_compact(F.array(*broken)) if broken else F.array().cast("array<string>"))


def breaks(frame: DataFrame, rule: Rule) -> Column:
    """Return whether a row breaks the rule; never NULL."""
    columns = [frame[quoted(name)] for name in columns_of(rule)]
    if rule["type"] == "not_null":
        empty = [column.isNull() | (column.cast("string") == "") for column in columns]
        return F.greatest(*empty, F.lit(False))
    if rule["type"] == "unique":
        known = F.greatest(*(column.isNotNull() for column in columns), F.lit(False))
        return known & (F.count(F.lit(1)).over(Window.partitionBy(*columns)) > 1)
    return columns[0].isNotNull() & ~F.coalesce(keeps(rule, *columns), F.lit(rule["type"] == "compare"))


def keeps(rule: Rule, column: Column, other: Column | None = None) -> Column:
    """Return whether a value that is there keeps the rule; NULL when that cannot be told."""
    match rule["type"]:
        case "range":
            number = column.try_cast("double")
            low, high = rule.get("minimum"), rule.get("maximum")
            inside = number.isNotNull()
            inside = inside & (number >= F.lit(low)) if low is not None else inside
            return inside & (number <= F.lit(high)) if high is not None else inside
        case "allowed":
            return column.cast("string").isin(rule["values"])
        case "pattern":
            return column.cast("string").rlike(f"^(?:{rule['pattern']})$")
        case _:
            assert other is not None
            compared = {"<": column < other, "<=": column <= other, "=": column == other, "!=": column != other}
            return {**compared, ">=": column >= other, ">": column > other}[rule["operator"]]


def whole_problems(frame: DataFrame, rules: list[Rule], rows: int) -> dict[str, str]:
    """Return what is wrong with the dataset as a whole, by the rule's name."""
    found = {}
    for rule in rules:
        said = too_many_or_few(rule, rows) if rule["type"] == "row_count" else too_old(frame, rule)
        if said:
            found[name_of(rule)] = said
    return found


def too_many_or_few(rule: Rule, rows: int) -> str:
    if rows < rule.get("minimum", rows):
        return f"{rows} rows, at least {rule['minimum']} are due"
    return f"{rows} rows, at most {rule['maximum']} are due" if rows > rule.get("maximum", rows) else ""


def too_old(frame: DataFrame, rule: Rule) -> str:
    newest = F.max(frame[quoted(rule["column"])].try_cast("timestamp"))
    age = (F.unix_timestamp(F.current_timestamp()) - F.unix_timestamp(newest)) / 3600
    [row] = frame.agg(age.alias("hours")).collect()
    if row["hours"] is None:
        return f"{rule['column']} holds no time"
    return f"the newest is {row['hours']:.1f} hours old" if row["hours"] > rule["hours"] else ""


def counts(frame: DataFrame) -> dict[str, int]:
    rows = frame.select(F.explode(MARK).alias("rule")).groupBy("rule").count().collect()
    return {row["rule"]: row["count"] for row in rows}


def check(frame: DataFrame, *, rules: list[Rule], on_failure: str, tolerance: float) -> tuple[DataFrame, DataFrame]:
    """Return the rows that keep all rules and those that do not. Raises `Refused` when the run is to fail."""
    require_columns(frame, [name for rule in rules for name in columns_of(rule)])
    require_own_names(rules)
    is_empty = not frame.columns
    whole = [rule for rule in rules if rule["type"] in WHOLE]
    each = marked(frame, [] if is_empty else [rule for rule in rules if rule["type"] not in WHOLE]).cache()
    rows, by_rule = each.count(), counts(each)
    rejected = each.where(F.size(MARK) > 0).withColumnRenamed(MARK, BROKEN)
    bad = rejected.count() if by_rule else 0
    said = whole_problems(frame, [rule for rule in whole if not is_empty or rule["type"] == "row_count"], rows)
    context.metrics |= {"rows_read": rows, "rows_rejected": bad, "broken": by_rule, "warnings": said}
    if on_failure == "fail" and (said or bad > tolerance * rows):
        told = [f"{name}: {number} rows" for name, number in sorted(by_rule.items())]
        told += [f"{name}: {words}" for name, words in said.items()]
        raise Refused(
            f"{bad} of {rows} rows break rules. {'; '.join(told)}.",
            fix="Mend them where they come from, or choose to hand on the good rows: then the others can be looked at.",
            code="rules_broken",
        )
    return each.where(F.size(MARK) == 0).drop(MARK), rejected


def require_own_names(rules: list[Rule]) -> None:
    names = [name_of(rule) for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refused(f"More than one rule is called {', '.join(twice)}.", fix="Give each rule a name of its own.")


def main() -> None:
    config = context.config
    good, rejected = check(
        context.input("dataset"),
        rules=config["rules"],
        on_failure=config.get("on_failure", "warn"),
        tolerance=config.get("tolerance", 0),
    )
    context.write(good)
    context.write(rejected, REJECTED)


if __name__ == "__main__":
    main()
