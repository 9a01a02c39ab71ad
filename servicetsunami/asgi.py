"""The hub as an ASGI application."""

from __future__ import annotations

import os
import warnings
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Static files and the schema are small: read at once, they hold nothing up.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
API = "/api/"
THREADS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="request")


class Application(ASGIHandler):
    """Answer each request, all middleware included, in one thread that lives on with its database connection.

    Django's own handler takes a new thread, so a new connection, for every request, and changes threads at each
    middleware. Requests that wait (`?wait=`) hold a thread of theirs, which is why there are many.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        is_call = scope["path"].startswith(API)
        await super().handle(scope, _cut(receive, settings.DATA_UPLOAD_MAX_MEMORY_SIZE) if is_call else receive, send)

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, error = super().create_request(scope, body_file)
        if request is not None and "CONTENT_LENGTH" not in request.META:
            # A body in chunks has no length of its own, and is taken for none.
            request.META["CONTENT_LENGTH"] = str(body_file.seek(0, os.SEEK_END))
            body_file.seek(0)
        return request, error

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self._answer, thread_sensitive=False, executor=THREADS)(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Django does this in the thread it would have used.
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


Receive = Callable[[], Awaitable[dict[str, Any]]]


def _cut(receive: Receive, largest: int) -> Receive:
    """Hand on one byte more than a body may have, which tells that it is too large, and keep no more of it."""
    left = largest + 1

    async def receive_some() -> dict[str, Any]:
        nonlocal left
        message = await receive()
        if body := message.get("body"):
            message = {**message, "body": body[:left]}
            left -= len(message["body"])
        return message

    return receive_some


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")
django.setup(set_prefix=False)
application = Application()
