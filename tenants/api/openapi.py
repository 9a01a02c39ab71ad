"""What the OpenAPI schema says of every call: signing in, its words, its problems."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample

from tenants.api import examples
from tenants.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "What is wrong and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "description": "urn:hub:<code>; programs decide by it."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "The same as in X-Request-ID and in the hub's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "A JSON pointer into the body, or a parameter."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
MEANINGS = {
    400: ("invalid", "Some fields are not right; `errors` names each of them."),
    401: ("not_authenticated", "Authentication credentials were not provided."),
    403: ("role_needed", "This needs the role editor; you have the role viewer. Ask an admin of your organisation."),
    404: ("not_found", "There is nothing here under this address, or you may not see it."),
    406: ("not_acceptable", "Could not satisfy the request Accept header."),
    409: ("in_use", "Its rows are read by: Delay by airline. Change or delete these first."),
    412: ("changed_meanwhile", "Somebody else changed it since you read it. Read it again and repeat your change."),
    413: ("too_large", "The body is larger than 2621440 bytes. Send less at once."),
    415: ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    422: ("idempotency_key_reused", "This Idempotency-Key came with another order before. Use a new one for it."),
    429: ("throttled", "Request was throttled. Expected available in 3 seconds."),
    500: ("server_error", "The hub itself failed. Its log has the reason under this request_id."),
    503: ("unreachable", "The engine cannot answer now. Try again in a moment."),
}
WRONG_FIELD = {"pointer": "/name", "code": "required", "detail": "This field is required."}
ALWAYS = (400, 401, 403, 404, 406, 429, 500)
WITH_A_BODY = (413, 415)
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}


class Schema(AutoSchema):
    """Describes a call by its docstring, and documents every problem that it can be answered with.

    The view's `refusals` names, by method, what its own work adds to what any call may be refused with.
    """

    def get_summary(self) -> str:
        return self._words()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        first, rest = self._words()
        return rest or first

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def get_examples(self) -> list[OpenApiExample]:
        media_type = self.map_parsers()[0]
        exchanges = examples.by_operation().get(self.get_operation_id(), [])
        return [example for exchange in exchanges for example in exchange.described(media_type)]

    def get_operation(self, *args: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args)
        if operation is not None:
            for status, answer in operation["responses"].items():
                answer["description"] = answer["description"] or HTTPStatus(int(status)).phrase
            for status in sorted(self._refusals("requestBody" in operation)):
                operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name_of(status)}"}
        return operation

    def _refusals(self, has_body: bool) -> Iterator[int]:
        yield from ALWAYS
        yield from WITH_A_BODY if has_body else ()
        yield from getattr(self.view, "refusals", {}).get(self.method, ())

    def _words(self) -> tuple[str, str]:
        """The docstring's first sentence, and what follows it."""
        method = getattr(self.view, self.method.lower())
        text = inspect.cleandoc(method.__doc__ or type(self.view).__dict__.get("__doc__") or "")
        first, _, rest = text.partition("\n\n")
        return " ".join(first.split()), rest


class StrictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Shapes that refuse unknown fields say so, unless they take back what was read."""

    target_class = "tenants.api.fields.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema if self.target.ignored else {**schema, "additionalProperties": False}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API token: `hub_...`"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Signed in to the pages."}


def name_of(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe the problems that the calls refer to."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {name_of(status): _answer(status) for status in MEANINGS}
    return result


def _answer(status: int) -> dict[str, Any]:
    code, detail = MEANINGS[status]
    example = {
        "type": f"urn:hub:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": "5f0c6b7e1d2a4c3b",
        "errors": [WRONG_FIELD] if status == 400 else [],
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
    return {**answer, "headers": {"Retry-After": RETRY_AFTER}} if status == 429 else answer
