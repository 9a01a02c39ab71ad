"""A connector's logo as an answer: its drawing, or its initials."""

from __future__ import annotations

import base64
import binascii
import hashlib

from django.http import HttpRequest, HttpResponse

from connectors import svg
from connectors.models import Connector

# The drawing is opened as a page by nobody, but if it is, it runs nothing and fetches nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PNG = "data:image/png;base64,"


def answer(request: HttpRequest, connector: Connector) -> HttpResponse:
    kind, drawing = _picture(connector.logo) or ("image/svg+xml", svg.initials(connector.name).encode())
    tag = f'"{hashlib.sha256(drawing).hexdigest()[:16]}"'
    same = request.headers.get("If-None-Match") == tag
    response = HttpResponse(b"" if same else drawing, content_type=kind, status=304 if same else 200)
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _picture(logo: str) -> tuple[str, bytes] | None:
    """A logo is an SVG, or a PNG as a data URL; whatever else it says it is, it is sent as one of the two."""
    if not logo.startswith(PNG):
        return ("image/svg+xml", logo.encode()) if logo else None
    try:
        return "image/png", base64.b64decode(logo.removeprefix(PNG), validate=True)
    except binascii.Error:
        return None
