"""How a driver's work ended: from its result file and exit code to an outcome in words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from integrations.domain import Failure, Json, Origin, Outcome, Output
from integrations.engines.spark.rundir import RunDirectory

STEP = "run"
MAIN = ""
TAIL_BYTES = 16 * 1024
SHORT = 2000
MORE_MEMORY = 'Give the driver more memory ("spark.driver.memory" in the Spark job\'s conf), or read less at once.'
READ_LOG = "Read the run's log for what the driver said last."

# How a driver ended that left no result of its own: code, origin, retryable, message, fix.
EXITS: dict[int, tuple[str, Origin, bool, str, str]] = {
    2: ("job_missing", Origin.SETTINGS, False, "Spark did not find the job's file.", "Correct the Spark job's entry."),
    52: ("out_of_memory", Origin.ENGINE, False, "Spark ran out of memory.", MORE_MEMORY),
    134: ("driver_crashed", Origin.ENGINE, True, "Java crashed.", READ_LOG),
    137: ("driver_killed", Origin.ENGINE, True, "The operating system killed the driver.", MORE_MEMORY),
    139: ("driver_crashed", Origin.ENGINE, True, "Java crashed.", READ_LOG),
    143: (
        "driver_stopped",
        Origin.ENGINE,
        True,
        "Somebody else than the hub stopped the driver.",
        "Run it again; if the host was being shut down, it was that.",
    ),
}
# SQLSTATE's first two characters say whose side an error is on; the rest are the job's.
BY_SQLSTATE_CLASS = {
    "08": (Origin.NETWORK, True),
    "53": (Origin.ENGINE, True),
    "58": (Origin.ENGINE, True),
    "XX": (Origin.ENGINE, False),
}
# The driver's Java is gone: what Python says then is a consequence, not the reason.
LOST_JAVA = ("Py4JNetworkError", "ConnectionRefusedError", "ConnectionResetError", "EOFError", "AnswerFromJavaError")
MASTER_GONE = ("All masters are unresponsive", "Application has been killed. Reason: Master removed")
# The parser counts columns from 0 ("pos"), the executor from 1 ("position").
PLACE_IN_QUERY = re.compile(r"line (\d+),? (pos|position) (\d+)")
MARK = re.compile(r"^\[[A-Z0-9_.]+\]\s*")


def outcome(directory: RunDirectory) -> Outcome:
    """Return how the work of an ended driver came out."""
    code, result = directory.exit_code(), directory.result()
    if result is not None and result["error"] is None:
        return finished(directory, result)
    if directory.is_cancelled:
        return Outcome(is_cancelled=True)
    if result is not None and not is_consequence(result["error"], code):
        return Outcome(failure=from_error(result["error"]))
    if code == 0 and result is None:
        return finished(directory, {"outputs": {}, "metrics": {}, "state": None})
    return Outcome(failure=from_exit(code, directory))


def finished(directory: RunDirectory, result: Json) -> Outcome:
    """Return the rows of a job that ran to its end. A job written in Java leaves them without a result file."""
    outputs = {name: Path(path) for name, path in result["outputs"].items()} or found_outputs(directory)
    if not outputs:
        return Outcome(failure=NO_OUTPUT)
    name = MAIN if MAIN in outputs else next(iter(outputs))
    output = Output(path=outputs.pop(name), format="parquet", name=name)
    others = tuple(Output(path=path, format="parquet", name=other) for other, path in sorted(outputs.items()))
    return Outcome(output=output, others=others, metrics=result["metrics"], state=result["state"])


def found_outputs(directory: RunDirectory) -> dict[str, Path]:
    """Return what lies in the output folder by name; the folder `main` is the main one."""
    if not directory.output.is_dir():
        return {}
    folders = sorted(folder for folder in directory.output.iterdir() if (folder / "_SUCCESS").exists())
    return {MAIN if folder.name == "main" else folder.name: folder for folder in folders}


NO_OUTPUT = Failure(
    code="no_output",
    origin=Origin.SETTINGS,
    step=STEP,
    message="The job ended well but never wrote any rows.",
    fix="Call context.write(frame) in the job. A frame without rows is fine, and is then an empty dataset.",
)


def is_consequence(error: Json, code: int | None) -> bool:
    """Whether the job's error only says that Java had gone: then the exit code knows the reason."""
    return error["type"] in LOST_JAVA and code != 0


def from_exit(code: int | None, directory: RunDirectory) -> Failure:
    """Explain a driver that left no word of its own."""
    log = tail(directory)
    if code is None or code == 137:
        silent = explain(137, log)
        return silent if code else replace(silent, message="The driver was killed without a word.")
    if any(words in log for words in MASTER_GONE):
        return unreachable("Spark's master did not answer.")
    if "java.lang.OutOfMemoryError" in log:
        return explain(52, log)
    return explain(code, log)


def explain(code: int, log: str) -> Failure:
    last = next((line.strip() for line in reversed(log.splitlines()) if says_something(line)), "")
    detail: Json = {"exit_code": code, "last_line": last[:SHORT]}
    if code in EXITS:
        name, origin, is_retryable, message, fix = EXITS[code]
        return Failure(name, origin, message, step=STEP, fix=fix, retryable=is_retryable, detail=detail)
    message = f"The driver ended with exit code {code}." + (f" It said: {last[:SHORT]}" if last else "")
    return Failure("driver_failed", Origin.ENGINE, message, step=STEP, fix=READ_LOG, detail=detail)


def unreachable(message: str) -> Failure:
    fix = "Start the Spark master, or correct SPARK_MASTER in the hub's settings."
    return Failure("master_unreachable", Origin.NETWORK, message, step="start", fix=fix, retryable=True)


def says_something(line: str) -> bool:
    """Whether a line of a log is more than a frame of a Java stack or Spark's own farewell."""
    text = line.strip()
    return bool(text) and not text.startswith(("at ", "... ")) and "ShutdownHookManager" not in text


def tail(directory: RunDirectory) -> str:
    try:
        with (directory.path / "stderr").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def from_error(error: Json) -> Failure:
    """Explain what the job raised, and where."""
    kind, message = error["type"], error["message"]
    if kind == "Refused":
        return Failure(
            error["code"],
            Origin.SETTINGS,
            message,
            STEP,
            error.get("fix", ""),
            error.get("retryable", False),
            at(error),
        )
    if kind == "SystemExit":
        return stopped_itself(error)
    if kind == "MemoryError" or "java.lang.OutOfMemoryError" in message:
        return replace(explain(52, ""), detail=at(error))
    if any(words in message for words in MASTER_GONE):
        return unreachable("Spark's master did not answer.")
    return from_condition(error) if error.get("condition") else from_python(error)


def stopped_itself(error: Json) -> Failure:
    code = error["exit_code"]
    message = f"The job ended itself with exit code {code}." + (
        f" It said: {error['message']}" if error["message"] else ""
    )
    detail = {"exit_code": code}
    return Failure("exit_code", Origin.SETTINGS, message, step=STEP, fix=READ_LOG, detail=detail)


def from_condition(error: Json) -> Failure:
    """Explain an error that Spark names itself."""
    state = error.get("sqlstate") or ""
    origin, is_retryable = BY_SQLSTATE_CLASS.get(state[:2], (Origin.SETTINGS, False))
    detail = {**at(error), "condition": error["condition"], "sqlstate": state}
    if in_query := PLACE_IN_QUERY.search(error["message"]):
        detail |= {"query_line": int(in_query[1]), "query_column": int(in_query[3]) + (in_query[2] == "pos")}
    return Failure(
        code=error["condition"].partition(".")[0].lower(),
        origin=origin,
        message=readable(error["message"]) + where(detail),
        step=STEP,
        fix=fix_for(error["condition"], error.get("parameters", {})),
        retryable=is_retryable,
        detail=detail,
    )


def from_python(error: Json) -> Failure:
    message = f"{error['type']}: {readable(error['message'])}".rstrip(": ") + where(at(error))
    return Failure(
        "job_error", Origin.SETTINGS, message, step=STEP, fix="Correct the job at that line.", detail=at(error)
    )


def at(error: Json) -> Json:
    """Return the job's own line, as far as it is known."""
    return {key: error[key] for key in ("type", "file", "line", "source") if error.get(key)}


def where(detail: Json) -> str:
    if "query_line" in detail:
        return f" (line {detail['query_line']}, column {detail['query_column']} of the query)"
    return f" ({Path(detail['file']).name}, line {detail['line']})" if "file" in detail else ""


def readable(message: str) -> str:
    """Cut what Spark adds for its developers: condition, SQLSTATE, plan and Java stack."""
    text = re.split(r"\s*SQLSTATE: |\n\s*'?[A-Z]\w+ |\n\tat |\nJVM stacktrace:|\n== ", message.strip(), maxsplit=1)[0]
    if "Traceback (most recent call last)" in message:
        text = next((line for line in reversed(message.splitlines()) if says_something(line)), text)
    java = re.search(r"An error occurred while calling [^\n]*\n: (?:[\w.$]+: )?(.+)", text)
    return MARK.sub("", (java[1] if java else text).strip())[:SHORT].rstrip(" ;")


def fix_for(condition: str, parameters: Json) -> str:
    known = parameters.get("proposal") or parameters.get("proposals")
    if condition.startswith("UNRESOLVED_COLUMN"):
        return f"Use a column that is there: {known}." if known else "Use a column that is there."
    if condition.startswith("TABLE_OR_VIEW_NOT_FOUND"):
        return "Use the names of the inputs as tables, and check that this one is among them."
    if condition.startswith("PARSE_SYNTAX_ERROR"):
        return "Correct the query at that place."
    if condition.startswith("CAST_INVALID_INPUT"):
        return "Use try_cast to get NULL for values that do not fit."
    return ""
