from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
import responses

from integrations.domain import EngineError
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.engine import N8nEngine

URL = "http://n8n.test"
KEY = "a-very-secret-key"


@pytest.fixture
def client() -> Client:
    return Client(f"{URL}/", KEY)


@pytest.fixture
def answers():
    with responses.RequestsMock() as mock:
        yield mock


def refused(client: Client) -> EngineError:
    with pytest.raises(EngineError) as caught:
        client.api("GET", "/workflows")
    return caught.value


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        ({"body": "n8n is starting up. Please wait", "content_type": "text/html"}, "n8n_starting", True),
        ({"status": 404, "body": "<html>Cannot GET</html>", "content_type": "text/html"}, "n8n_starting", True),
        ({"status": 503, "body": "busy", "content_type": "text/plain"}, "n8n_starting", True),
        ({"status": 401, "json": {"message": "Unauthorized"}}, "n8n_key_refused", False),
        ({"status": 400, "json": {"message": "request/body must have name"}}, "n8n_refused", False),
        ({"status": 500, "json": {"message": "Internal"}}, "n8n_refused", True),
        ({"body": "<html>Welcome to nginx</html>", "content_type": "text/html"}, "n8n_odd_answer", True),
        ({"body": '{"data": ', "content_type": "application/json"}, "n8n_odd_answer", True),
        ({"json": ["no", "object"]}, "n8n_odd_answer", True),
        ({"body": requests.ConnectionError("refused")}, "n8n_unreachable", True),
        ({"body": requests.ReadTimeout("slow")}, "n8n_slow", True),
    ],
)
def test_an_answer_that_is_not_n8n_at_work_becomes_an_error(client: Client, answers, answer, code, retryable) -> None:
    answers.get(f"{URL}/api/v1/workflows", **answer)
    error = refused(client)
    assert (error.failure.code, error.retryable) == (code, retryable)
    assert error.failure.fix
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (
            {"status": 404, "json": {"message": 'The requested webhook "POST x" is not registered.'}},
            "deployment_missing",
            True,
        ),
        ({"status": 404, "body": "<html></html>", "content_type": "text/html"}, "n8n_starting", True),
        (
            {"status": 403, "body": "Authorization data is wrong!", "content_type": "text/plain"},
            "deployment_missing",
            True,
        ),
        ({"status": 413, "json": {"message": "too large"}}, "request_too_large", False),
        ({"status": 500, "json": {"message": "Workflow could not be started!"}}, "n8n_refused", True),
        ({"body": "n8n is starting up. Please wait", "content_type": "text/plain"}, "n8n_starting", True),
    ],
)
def test_a_hook_that_starts_nothing_says_why(client: Client, answers, answer, code, retryable) -> None:
    answers.post(f"{URL}/webhook/x", **answer)
    with pytest.raises(EngineError) as caught:
        client.call_hook("x", "t0ken", {})
    assert (caught.value.failure.code, caught.value.retryable) == (code, retryable)


def test_a_hook_is_never_given_the_api_key(client: Client, answers) -> None:
    answers.post(f"{URL}/webhook/x", json={"executionId": "7"})
    client.call_hook("x", "t0ken", {})
    assert KEY not in str(answers.calls[0].request.headers)
    assert answers.calls[0].request.headers["X-Hub-Token"] == "t0ken"


def test_a_key_refused_in_the_middle_of_a_run_is_waited_out(answers, make_job) -> None:
    answers.get(f"{URL}/api/v1/executions/7", status=401, json={"message": "Unauthorized"})
    job = make_job(None)
    with pytest.raises(EngineError) as caught:
        N8nEngine(URL, KEY).poll(job, {"execution": "7"})
    assert caught.value.retryable


@pytest.mark.parametrize(("url", "key", "missing"), [("", KEY, "N8N_URL"), (URL, "", "N8N_API_KEY")])
def test_an_engine_without_settings_says_which_are_missing(url: str, key: str, missing: str) -> None:
    health = N8nEngine(url, key).check()
    assert not health.is_ok
    assert missing in health.problem
    assert health.fix


def test_an_n8n_that_boots_is_not_ready(answers) -> None:
    answers.get(f"{URL}/healthz/readiness", body="n8n is starting up. Please wait", content_type="text/plain")
    assert "not ready" in N8nEngine(URL, KEY).check().problem


def test_a_result_that_n8n_keeps_back_is_no_empty_success(answers, make_job) -> None:
    answers.get(f"{URL}/api/v1/executions/7", json={"id": "7", "status": "success", "data": None})
    outcome = N8nEngine(URL, KEY).poll(make_job(None), {"execution": "7"}).outcome
    assert outcome is not None
    assert outcome.failure is not None
    assert outcome.failure.code == "result_kept_back"


@pytest.mark.parametrize(
    ("start_page", "is_over"),
    [
        ({"Last-Modified": "Mon, 30 Nov 2026 16:42:00 GMT"}, True),
        ({"Last-Modified": "Mon, 30 Nov 2026 16:41:00 GMT"}, False),
        ({}, False),
    ],
    ids=["restarted since", "the same n8n", "unknown"],
)
def test_an_execution_older_than_n8n_itself_has_crashed(answers, make_job, start_page, is_over) -> None:
    running = {"id": "7", "status": "running", "startedAt": "2026-11-30T16:41:30.000Z"}
    answers.get(f"{URL}/api/v1/executions/7", json=running)
    answers.head(f"{URL}/", headers=start_page)
    if is_over:
        answers.post(f"{URL}/api/v1/executions/7/stop", status=409, json={})
    old = make_job(None, asked_at=datetime(2026, 11, 30, 16, 41, tzinfo=UTC))
    outcome = N8nEngine(URL, KEY).poll(old, {"execution": "7"}).outcome
    assert (outcome and outcome.failure and outcome.failure.code) == ("engine_crashed" if is_over else None)
