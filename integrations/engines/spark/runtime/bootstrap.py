"""Runs a job for the hub: hands it its context, and leaves a result file that says how it ended.

Spark runs this file as the application. The context file is named by HUB_CONTEXT and removed once it is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from hub import Refused, context

HERE = str(Path(__file__).resolve().parent)
WORKER_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
PRIVATE = 0o600


def main() -> None:
    file = Path(os.environ["HUB_CONTEXT"])
    value = json.loads(file.read_text())
    file.unlink()
    context.load(value)
    threading.Thread(target=announce, args=(Path(value["ui"]),), daemon=True).start()
    script = locate(value["script"])
    sys.argv = [script]
    sys.path.insert(0, str(Path(script).parent))
    error = run(script)
    leave(Path(value["result"]), error)
    if error:
        sys.exit(error["exit_code"])


def run(script: str) -> dict[str, Any] | None:
    """Run the job and return its error, if any. Nothing escapes: the result file must be written."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as exit_:
        return stopped(exit_)
    except BaseException as error:  # noqa: BLE001 - whatever ended the job is what the hub must tell
        traceback.print_exc()
        return describe(error, script)
    return None


def locate(script: str) -> str:
    """Find a script that Spark fetched from a URI: it lies in one of the folders Spark put on the path."""
    if Path(script).is_absolute():
        return script
    return next((str(Path(folder, script)) for folder in sys.path if Path(folder, script).is_file()), script)


def stopped(exit_: SystemExit) -> dict[str, Any] | None:
    if exit_.code in (None, 0):
        return None
    code = exit_.code if isinstance(exit_.code, int) else 1
    words = "" if isinstance(exit_.code, int) else str(exit_.code)
    return {"type": "SystemExit", "message": words, "exit_code": code}


def describe(error: BaseException, script: str) -> dict[str, Any]:
    """Say what the error is, Spark's condition and SQLSTATE when it has them, and which line of the job it is at."""
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.msg if isinstance(error, SyntaxError) else str(error),
        "exit_code": 1,
        **place(error, script),
    }
    if isinstance(error, Refused):
        found |= {"code": error.code, "fix": error.fix, "retryable": error.retryable}
    return found | named(error) if hasattr(error, "getCondition") else found


def named(error: Any) -> dict[str, Any]:
    """What Spark says of an error that has a name."""
    parameters = error.getMessageParameters() or {}
    return {"condition": error.getCondition(), "sqlstate": error.getSqlState(), "parameters": parameters}


def place(error: BaseException, script: str) -> dict[str, Any]:
    """The innermost line that is the job's own, in the driver or, for a user function, in Spark's Python worker."""
    if isinstance(error, SyntaxError) and error.filename:
        return {"file": error.filename, "line": error.lineno, "source": (error.text or "").strip()}
    in_worker = [hit for hit in WORKER_FRAME.findall(str(error)) if hit[0] == script]
    if in_worker:
        return {"file": script, "line": int(in_worker[-1][1]), "source": ""}
    folder = str(Path(script).parent) + os.sep
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(folder) and not frame.filename.startswith(HERE + os.sep):
            return {"file": frame.filename, "line": frame.lineno, "source": frame.line or ""}
    return {}


def leave(file: Path, error: dict[str, Any] | None) -> None:
    """Write the result at once or not at all: the hub may look at any moment, and this process may be killed."""
    result = {"outputs": context.outputs, "metrics": context.metrics, "state": context.next_state, "error": error}
    try:
        text = json.dumps(result)
    except (TypeError, ValueError) as problem:
        text = json.dumps({"error": error or unusable(problem)})
    draft = file.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w") as stream:
        stream.write(text)
    draft.replace(file)


def unusable(problem: Exception) -> dict[str, Any]:
    words = f"The job's metrics or state cannot be stored as JSON: {problem}"
    return {"type": "Refused", "code": "bad_state", "message": words, "exit_code": 1}


def announce(file: Path) -> None:
    """Leave the address of the driver's own pages as soon as there is a session, whoever makes it."""
    while (driver := active()) is None:
        time.sleep(0.1)
    # A job may stop its session right away; then there are no pages to show.
    with contextlib.suppress(Exception):
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps({"url": driver.uiWebUrl or "", "application": driver.applicationId}))
        draft.replace(file)


def active() -> Any:
    """Spark's context, or None until it is whole: pyspark shows it before its Java side is there."""
    driver = getattr(getattr(sys.modules.get("pyspark"), "SparkContext", None), "_active_spark_context", None)
    return driver if getattr(driver, "_jsc", None) else None


if __name__ == "__main__":
    main()
