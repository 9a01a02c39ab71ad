import json
import threading
import urllib.error
import urllib.request

import pytest

from demo.nycflights import load
from demo.service import RefusedError, Service, Traffic, serve

NEVER = 10**9


@pytest.fixture(scope="module")
def database():
    return load()


@pytest.fixture
def service(database):
    return Service(database, "right", Traffic(every=NEVER))


def test_january_has_its_27004_flights_in_28_pages(service):
    pages = [service.answer(f"/flights?month=1&page={page}", "right") for page in range(1, 29)]
    assert sum(len(page["records"]) for page in pages) == 27004
    assert [page["has_more"] for page in pages] == [True] * 27 + [False]
    assert pages[0]["total"] == 27004


def test_rows_are_those_of_the_file_in_its_order(service):
    first = service.answer("/flights?month=1&page_size=1", "right")["records"][0]
    assert (first["carrier"], first["flight"], first["dep_delay"]) == ("UA", 1545, 2)
    assert first["time_hour"] == "2013-01-01T10:00:00Z"


def test_a_cancelled_flight_has_no_delay(service):
    records = service.answer("/flights?month=1&page=1", "right")["records"]
    assert any(record["arr_delay"] is None for record in records)


def test_airlines_and_airports_are_served_too(service):
    assert service.answer("/airlines", "right")["total"] == 16
    assert service.answer("/airports", "right")["total"] == 1458


@pytest.mark.parametrize(
    ("target", "key", "status"),
    [
        ("/flights", "wrong", 401),
        ("/trains", "right", 404),
        ("/flights?month=13", "right", 400),
        ("/flights?page=x", "right", 400),
    ],
)
def test_what_is_wrong_is_refused_with_its_status(service, target, key, status):
    with pytest.raises(RefusedError) as refused:
        service.answer(target, key)
    assert refused.value.status == status


def test_now_and_then_it_is_too_busy(database):
    service = Service(database, "right", Traffic(every=3))
    service.answer("/airlines", "right")
    service.answer("/airlines", "right")
    with pytest.raises(RefusedError) as refused:
        service.answer("/airlines", "right")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})


def test_over_http_a_page_is_json_and_a_refusal_too(service):
    server = serve(service, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/airlines"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": "right"})) as answer:
            assert len(json.load(answer)["records"]) == 16
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url)
        assert "X-API-Key" in json.load(refused.value)["error"]
    finally:
        server.shutdown()
        server.server_close()
