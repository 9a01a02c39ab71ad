"""A connector's logo as an answer: its drawing, or its initials."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse

from connectors import svg
from connectors.models import Connector

# The drawing is opened as a page by nobody, but if it is, it runs nothing and fetches nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def answer(request: HttpRequest, connector: Connector) -> HttpResponse:
    drawing = connector.logo or svg.initials(connector.name)
    tag = f'"{hashlib.sha256(drawing.encode()).hexdigest()[:16]}"'
    same = request.headers.get("If-None-Match") == tag
    response = HttpResponse(b"" if same else drawing, content_type="image/svg+xml", status=304 if same else 200)
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
