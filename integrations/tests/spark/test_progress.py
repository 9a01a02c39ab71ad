import json
import os

import pytest
import requests
import responses

from integrations.engines.spark import progress
from integrations.engines.spark.rundir import RunDirectory

JOBS = "http://driver:4040/api/v1/applications/app-1/jobs"


@pytest.fixture
def directory(tmp_path):
    file = tmp_path / "ui.json"
    file.write_text(json.dumps({"url": "http://driver:4040", "application": "app-1"}))
    os.utime(file, (0, 0))
    return RunDirectory(tmp_path)


def job(done, total, skipped=0):
    return {"numCompletedTasks": done, "numTasks": total, "numSkippedTasks": skipped}


@responses.activate
def test_tasks_of_all_jobs_count_and_skipped_ones_do_not(directory):
    responses.get(JOBS, json=[job(2, 10, skipped=4), job(6, 6)])

    assert progress.look(directory) == (8, 12)


@responses.activate
@pytest.mark.parametrize(
    "answer",
    [{"body": "Spark is starting"}, {"status": 500}, {"json": []}, {"body": requests.ConnectionError("gone")}],
    ids=["not JSON", "an error", "no jobs", "no driver"],
)
def test_a_driver_that_does_not_tell_keeps_what_was_known(directory, answer):
    directory.write("progress.json", "[3, 9]")
    responses.get(JOBS, **answer)

    assert progress.look(directory) == (3, 9)


@responses.activate
def test_a_young_driver_is_left_alone(directory):
    os.utime(directory.path / "ui.json")

    assert progress.look(directory) is None
    assert len(responses.calls) == 0


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [
        (None, (0, 4), (0, 4)),
        (None, (4, 4), (4, 5)),
        ((1, 4), (2, 4), (2, 4)),
        ((2, 4), (2, 20), (2, 4)),
        ((2, 4), (12, 20), (12, 20)),
        ((4, 5), (5, 5), (5, 6)),
        ((5, 10), (4, 8), (5, 10)),
    ],
)
def test_progress_never_goes_back_and_is_not_whole_before_the_end(before, now, after):
    assert progress.advance(before, now) == after
