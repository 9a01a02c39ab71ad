from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from servicetsunami.compression import CompressionMiddleware


def answered(response: HttpResponse | StreamingHttpResponse) -> HttpResponse | StreamingHttpResponse:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    return CompressionMiddleware(lambda _: response)(request)


@pytest.mark.parametrize(
    ("response", "encoding"),
    [
        (HttpResponse("x" * 1000), "gzip"),
        (StreamingHttpResponse([b"x" * 1000]), "gzip"),
        (StreamingHttpResponse([b"data: x"], content_type="text/event-stream"), None),
    ],
)
def test_pages_are_compressed_and_events_are_not(response: HttpResponse, encoding: str | None) -> None:
    assert answered(response).headers.get("Content-Encoding") == encoding
