import json

import pytest

from integrations.domain import Origin
from integrations.engines.spark import endings
from integrations.engines.spark.rundir import RunDirectory

WELL = {"outputs": {"": "/out/main"}, "metrics": {"rows": 3}, "state": {"at": 9}, "error": None}


def ended(folder, *, code=None, result=None, stderr="", is_cancelled=False):
    directory = RunDirectory(folder)
    if code is not None:
        directory.write("exit", f"{code}\n")
    if result is not None:
        directory.write("result.json", json.dumps(result))
    if is_cancelled:
        directory.mark_cancelled()
    directory.write("stderr", stderr)
    return endings.outcome(directory)


def raised(**error):
    return {"error": {"type": "ValueError", "message": "no", "exit_code": 1, **error}}


def test_a_job_that_ended_well_hands_on_rows_metrics_and_state(tmp_path):
    outcome = ended(tmp_path, code=0, result=WELL)

    assert outcome.failure is None
    assert (str(outcome.output.path), outcome.output.format, outcome.output.name) == ("/out/main", "parquet", "")
    assert (outcome.metrics, outcome.state) == ({"rows": 3}, {"at": 9})


def test_a_job_that_wrote_nothing_is_told_how_to(tmp_path):
    failure = ended(tmp_path, code=0, result={**WELL, "outputs": {}}).failure

    assert failure.code == "no_output"
    assert "context.write" in failure.fix


def test_a_jar_that_wrote_to_the_output_folder_succeeds(tmp_path):
    (tmp_path / "output" / "main").mkdir(parents=True)
    (tmp_path / "output" / "main" / "_SUCCESS").touch()

    assert ended(tmp_path, code=0).output.path == tmp_path / "output" / "main"


@pytest.mark.parametrize(
    ("code", "name", "is_retryable"),
    [
        (None, "driver_killed", True),
        (1, "driver_failed", False),
        (2, "job_missing", False),
        (52, "out_of_memory", False),
        (134, "driver_crashed", True),
        (137, "driver_killed", True),
        (143, "driver_stopped", True),
        (99, "driver_failed", False),
    ],
)
def test_without_a_result_the_exit_code_speaks(tmp_path, code, name, is_retryable):
    failure = ended(tmp_path, code=code).failure

    assert (failure.code, failure.retryable) == (name, is_retryable)
    assert failure.message
    assert failure.fix


def test_an_unknown_end_shows_what_the_driver_said_last(tmp_path):
    stderr = "Exception: no such option --x\n\tat Main.main(Main.java:3)\n\n"

    assert "no such option --x" in ended(tmp_path, code=1, stderr=stderr).failure.message


def test_a_master_that_goes_away_is_the_networks_fault_and_worth_another_try(tmp_path):
    failure = ended(tmp_path, code=1, stderr="SparkException: All masters are unresponsive! Giving up.\n").failure

    assert (failure.code, failure.origin, failure.retryable) == ("master_unreachable", Origin.NETWORK, True)


def test_a_cancelled_job_is_cancelled_whatever_its_end_says(tmp_path):
    assert ended(tmp_path, code=143, is_cancelled=True).is_cancelled


def test_a_job_that_was_done_before_its_cancel_is_done(tmp_path):
    outcome = ended(tmp_path, code=0, result=WELL, is_cancelled=True)

    assert not outcome.is_cancelled
    assert outcome.output is not None


def test_java_running_out_of_memory_is_told_and_not_what_python_says_of_it(tmp_path):
    gone = raised(type="Py4JNetworkError", message="Answer from Java side is empty")

    assert ended(tmp_path, code=52, result=gone).failure.code == "out_of_memory"


@pytest.mark.parametrize("message", ["", "o1.f.\n: java.lang.OutOfMemoryError: Java heap space"])
def test_memory_that_ran_out_inside_the_job_is_told_too(tmp_path, message):
    error = raised(type="MemoryError" if not message else "Py4JJavaError", message=message)

    assert ended(tmp_path, code=1, result=error).failure.code == "out_of_memory"


def test_a_python_error_names_the_jobs_own_line(tmp_path):
    error = raised(type="KeyError", message="'city'", file="/jobs/daily.py", line=12, source="row['city']")

    failure = ended(tmp_path, code=1, result=error).failure

    assert failure.message == "KeyError: 'city' (daily.py, line 12)"
    assert (failure.code, failure.origin) == ("job_error", Origin.SETTINGS)
    assert failure.detail["source"] == "row['city']"


def test_a_missing_column_comes_with_the_ones_that_are_there(tmp_path):
    message = (
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `citi` cannot be resolved. Did you mean one of the "
        "following? [`city`]. SQLSTATE: 42703; line 2 pos 7;\n'Project ['citi]\n+- OneRowRelation\n"
    )
    error = raised(
        type="AnalysisException",
        message=message,
        condition="UNRESOLVED_COLUMN.WITH_SUGGESTION",
        sqlstate="42703",
        parameters={"proposal": "`city`"},
    )

    failure = ended(tmp_path, code=1, result=error).failure

    assert failure.code == "unresolved_column"
    assert failure.fix == "Use a column that is there: `city`."
    assert failure.message.endswith("[`city`]. (line 2, column 8 of the query)")
    assert (failure.detail["sqlstate"], failure.detail["query_line"]) == ("42703", 2)


@pytest.mark.parametrize(
    ("sqlstate", "origin", "is_retryable"),
    [
        ("42703", Origin.SETTINGS, False),
        ("22012", Origin.SETTINGS, False),
        ("08001", Origin.NETWORK, True),
        ("53200", Origin.ENGINE, True),
        ("58030", Origin.ENGINE, True),
        ("XX000", Origin.ENGINE, False),
        ("", Origin.SETTINGS, False),
    ],
)
def test_the_sqlstate_says_whose_side_an_error_is_on(tmp_path, sqlstate, origin, is_retryable):
    error = raised(message="[THING] Bad.", condition="THING", sqlstate=sqlstate)

    failure = ended(tmp_path, code=1, result=error).failure

    assert (failure.origin, failure.retryable, failure.message) == (origin, is_retryable, "Bad.")


def test_words_a_job_chose_itself_are_told_as_they_are(tmp_path):
    error = raised(type="Refused", message="No column id.", code="missing_column", fix="Use key.", retryable=False)

    failure = ended(tmp_path, code=1, result=error).failure

    assert (failure.code, failure.message, failure.fix) == ("missing_column", "No column id.", "Use key.")


def test_an_error_in_a_user_function_is_the_functions_and_not_the_workers():
    message = '\nTraceback (most recent call last):\n  File "job.py", line 4, in f\nZeroDivisionError: by zero\n'

    assert endings.readable(message) == "ZeroDivisionError: by zero"


def test_an_error_of_java_is_its_first_line():
    message = "An error occurred while calling o4.save.\n: java.io.IOException: disk full\n\tat a.b.C\n\tat d.e.F\n"

    assert endings.readable(message) == "disk full"
