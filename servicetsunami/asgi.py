"""The hub as an ASGI application."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Static files and the schema are small: read at once, they hold nothing up.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
THREADS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="request")


class Application(ASGIHandler):
    """Answer each request, all middleware included, in one thread that lives on with its database connection.

    Django's own handler takes a new thread, so a new connection, for every request, and changes threads at each
    middleware. Requests that wait (`?wait=`) hold a thread of theirs, which is why there are many.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self._answer, thread_sensitive=False, executor=THREADS)(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Django does this in the thread it would have used.
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")
django.setup(set_prefix=False)
application = Application()
