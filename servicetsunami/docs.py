"""The API's description, and its page, into which no script and no style is written."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request


class Schema(SpectacularAPIView):
    def _get_version_parameter(self, request: Request) -> None:
        """There is one version; the library would put whatever a caller asks for into a header."""


class Docs(SpectacularSwaggerSplitView):
    template_name = "docs.html"
    url_name = "schema"


__all__ = ["Docs", "Schema"]
