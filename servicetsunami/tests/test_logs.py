from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings
from django.test import Client

from servicetsunami import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    logs.configure(level="INFO", style="json")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    yield stream
    logs.configure(level=settings.LOG_LEVEL, style=settings.LOG_FORMAT)


def last(lines: io.StringIO) -> dict[str, object]:
    return json.loads(lines.getvalue().splitlines()[-1])


def test_a_line_is_json_with_its_run_and_tenant(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(run_id="r1", tenant="t1"):
        structlog.get_logger("integrations.x").info("step_taken", seconds=1.5)
    line = last(lines)
    assert (line["event"], line["seconds"], line["run_id"], line["tenant"]) == ("step_taken", 1.5, "r1", "t1")
    assert (line["level"], line["logger"]) == ("info", "integrations.x")
    assert "timestamp" in line


def test_lines_of_libraries_have_the_same_shape(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("took %s s", 3)
    assert (last(lines)["event"], last(lines)["level"]) == ("took 3 s", "warning")


def test_an_exception_is_one_line(lines: io.StringIO) -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    assert "RuntimeError: broken" in str(last(lines)["exception"])
    assert len(lines.getvalue().splitlines()) == 1


def test_values_whose_name_says_secret_are_blanked(lines: io.StringIO) -> None:
    structlog.get_logger("x").info("called", api_key="s3cret", hook_token="s3cret", rows=1)
    assert "s3cret" not in lines.getvalue()
    assert last(lines)["rows"] == 1


def test_nothing_of_one_request_is_left_for_the_next(client: Client) -> None:
    client.get("/healthz")
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_what_callers_write_stays_on_its_own_line(client: Client, lines: io.StringIO) -> None:
    split = 'a\r\n{"event": "forged"}\u2028\x1b[2J'
    logging.getLogger("some.library").warning("Run of %s failed", split, extra={"place": split})
    client.get("/nowhere/a%0a%7b", headers={"X-Request-ID": split, "User-Agent": split})
    written = lines.getvalue().splitlines()
    assert len(written) == 1
    assert json.loads(written[0])["place"] == split
