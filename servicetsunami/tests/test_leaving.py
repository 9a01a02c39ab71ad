from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, override_settings
from django.urls import include, path

from servicetsunami import urls

pytestmark = pytest.mark.django_db
AWAY = "https://accounts.example.com/authorize?state=a&scope=b"


def leave(request: HttpRequest, to: str = AWAY) -> HttpResponseBase:
    answer = HttpResponse(status=302, headers={"Location": request.GET.get("to", to)})
    answer.set_cookie("state", "kept")
    return answer


urlpatterns = [path("leave", leave), path("api/leave", leave), path("", include(urls.urlpatterns))]


@pytest.fixture
def client() -> Client:
    with override_settings(ROOT_URLCONF=__name__):
        yield Client()


def test_a_form_that_ends_at_another_host_is_answered_with_a_page_that_goes_there(client: Client) -> None:
    answer = client.post("/leave")
    assert answer.status_code == 200
    assert (
        '<meta http-equiv="refresh" content="0; url=https://accounts.example.com/authorize?state=a&amp;scope=b">'
        in (answer.content.decode())
    )
    assert (answer.cookies["state"].value, answer.headers["Cache-Control"]) == ("kept", "no-store")


def test_a_form_sent_by_a_script_is_told_where_to_go(client: Client) -> None:
    assert client.post("/leave", headers={"HX-Request": "true"}).headers["HX-Redirect"] == AWAY


@pytest.mark.parametrize("to", ["/", "team", "http://testserver/team", "?a=1"])
def test_a_form_that_ends_at_the_hub_is_redirected(to: str, client: Client) -> None:
    assert client.post("/leave", query_params={"to": to}).headers["Location"] == to


def test_links_and_programs_are_redirected(client: Client) -> None:
    assert client.get("/leave").status_code == 302
    assert client.post("/api/leave").status_code == 302


def test_an_address_cannot_break_out_of_the_page(client: Client) -> None:
    page = client.post("/leave", query_params={"to": 'https://a.example/"><script>alert(1)</script>'}).content.decode()
    assert "<script>" not in page
