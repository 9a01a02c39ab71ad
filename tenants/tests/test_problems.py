from __future__ import annotations

import json

import pytest
import structlog
from django.test import Client
from rest_framework.test import APIClient

pytestmark = [pytest.mark.urls("tenants.tests.addresses"), pytest.mark.django_db]
ECHO = "/api/v1/echo"


def problem(answer: object, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "request_id", "errors"}
    assert (body["status"], body["request_id"]) == (status, answer["X-Request-ID"])
    return body


def post(client: APIClient, text: str | bytes) -> dict[str, object]:
    return problem(client.post(ECHO, text, content_type="application/json"), 400)


def test_each_wrong_field_is_named_by_a_pointer(as_alice: APIClient) -> None:
    wrong = {"auth": {"key": "too long"}, "keys": [{"key": "ok"}, {"key": "too long"}, {}]}
    body = problem(as_alice.post(ECHO, wrong, format="json"), 400)
    found = {error["pointer"]: error["code"] for error in body["errors"]}
    assert found == {
        "/name": "required",
        "/auth/key": "max_length",
        "/keys/1/key": "max_length",
        "/keys/2/key": "required",
    }


def test_a_body_of_the_wrong_kind_is_one_problem(as_alice: APIClient) -> None:
    body = problem(as_alice.post(ECHO, [1], format="json"), 400)
    assert [error["pointer"] for error in body["errors"]] == [""]


@pytest.mark.parametrize(
    "text",
    ["{", "", b"\xff", "[" * 100_000, '{"a": NaN}', '{"name": "\\ud800"}', "9" * 5000],
    ids=lambda text: text[:12],
)
def test_a_body_that_is_not_json_is_a_problem(as_alice: APIClient, text: str | bytes) -> None:
    post(as_alice, text)


def test_malformed_json_is_told_where_it_breaks_without_a_word_of_it(as_alice: APIClient) -> None:
    body = post(as_alice, '{"key": "s3cret" "x"}')
    assert "line 1, column 18" in str(body["detail"])
    assert "s3cret" not in json.dumps(body)


def test_a_text_with_nul_in_it_is_refused(as_alice: APIClient) -> None:
    assert "NUL" in str(post(as_alice, '{"name": ["a\\u0000"]}')["detail"])
    assert as_alice.post(ECHO, '{"name": "a\\\\u0000"}', content_type="application/json").status_code == 200


def test_a_body_that_is_too_large_is_refused(as_alice: APIClient, settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(as_alice.post(ECHO, {"name": "x" * 100}, format="json"), 413)


def test_another_media_type_is_a_problem(as_alice: APIClient) -> None:
    problem(as_alice.post(ECHO, "a=1", content_type="application/x-www-form-urlencoded"), 415)


def test_another_method_is_a_problem_that_names_those_there_are(as_alice: APIClient) -> None:
    answer = as_alice.delete(ECHO)
    problem(answer, 405)
    assert "POST" in answer["Allow"]


def test_what_a_view_does_not_find_is_a_problem_without_its_words(as_alice: APIClient) -> None:
    body = problem(as_alice.get("/api/v1/fails/missing"), 404)
    assert "secret words" not in json.dumps(body)


def test_an_address_that_is_not_there_is_a_problem(client: Client) -> None:
    assert problem(client.get("/api/v1/nothing"), 404)["type"] == "urn:hub:not_found"


def test_what_nobody_foresaw_is_a_problem_without_its_words(as_alice: APIClient) -> None:
    as_alice.raise_request_exception = False
    body = problem(as_alice.get("/api/v1/fails/badly"), 500)
    assert "foresaw" not in json.dumps(body)


def test_a_problem_carries_its_headers(as_alice: APIClient) -> None:
    answer = as_alice.get("/api/v1/fails/busy")
    assert problem(answer, 503)["type"] == "urn:hub:busy"
    assert answer["Retry-After"] == "3"


def test_a_page_that_is_not_there_is_a_page(client: Client) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@pytest.mark.parametrize("given", ["ok-request-1234", "short", "evil\x01id-12345", "a" * 65])
def test_an_answer_carries_the_callers_id_when_it_is_sane(client: Client, given: str) -> None:
    answered = client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]
    assert (answered == given) is (given == "ok-request-1234")


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("GET", "/api/v1/runs/", {"HTTP_HOST": "elsewhere.example"}, 400),
        ("GET", "/api/v1/runs/%00", {}, 404),
        ("GET", "/api/v1/%ff", {}, 404),
        ("GET", "/api/v1/runs/?state=%ff&state=%00", {}, 401),
        ("POST", "/api/schema", {}, 405),
        ("GET", "/api/schema", {"HTTP_ACCEPT": "image/png"}, 406),
        ("GET", "/api/v1//runs/", {}, 404),
        ("GET", "/api/v1/runs/no-id", {}, 404),
        ("TRACE", "/api/v1/runs/", {}, 401),
        ("GET", "/api/v1/runs/", {"HTTP_AUTHORIZATION": "Bearer"}, 401),
        ("GET", "/api/v1/runs/", {"HTTP_AUTHORIZATION": "Bearer \xff"}, 401),
        ("GET", "/api/v1/runs/", {"HTTP_COOKIE": "sessionid=nobody's"}, 401),
    ],
)
def test_whoever_refuses_a_call_answers_a_problem(
    client: Client, method: str, path: str, how: dict[str, str], status: int
) -> None:
    client.raise_request_exception = False
    problem(client.generic(method, path, **how), status)


def test_a_form_without_its_token_is_a_problem_for_a_page_s_session(client: Client, alice: object) -> None:
    page = Client(enforce_csrf_checks=True, raise_request_exception=False)
    page.force_login(alice)

    problem(page.post("/api/v1/tokens/", "{}", content_type="application/json"), 403)


def test_what_a_call_does_not_offer_is_a_problem(as_alice: APIClient) -> None:
    problem(as_alice.get("/api/v1/runs/", HTTP_ACCEPT="text/html"), 406)
    problem(as_alice.get("/api/v1/runs/", HTTP_X_TENANT="globex"), 404)


def test_an_answer_s_id_is_in_every_line_that_its_request_logged(as_alice: APIClient, caplog: object) -> None:
    as_alice.raise_request_exception = False
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        structlog.get_logger("tests").info("before")
        answer = as_alice.get("/api/v1/fails/aloud")

    assert [line.get("request_id") for line in lines] == [None, answer["X-Request-ID"]]
