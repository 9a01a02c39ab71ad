"""Credentials: list, make, read, change, delete. What goes out never holds a secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api import etags
from integrations.api.filters import CredentialFilter
from integrations.api.shapes.connections import ReportShape
from integrations.api.shapes.credentials import AuthorisationShape, CredentialChange, CredentialNew, CredentialShape
from integrations.api.views.base import Call
from integrations.models import Credential, Integration
from integrations.services import connections, credentials, overview
from integrations.services.oauth2 import signing_in
from tenants.models import ApiToken
from tenants.roles import Role


def rows() -> QuerySet[Credential]:
    users = Integration.everywhere.filter(deleted_at=None).only("id", "name", "credential").order_by("name")
    return Credential.objects.select_related("grant").prefetch_related(
        overview.connectors(), Prefetch("integrations", users)
    )


def shown(credential: Credential) -> dict[str, Any]:
    fields, status = credentials.public(credential)
    return {
        "id": credential.pk,
        "connector": credential.connector.slug,
        "name": credential.name,
        "fields": fields,
        "status": status,
        "verified_at": credential.verified_at,
        "expires_at": credential.expires_at,
        "last_used_at": credential.last_used_at,
        "authorisation": credentials.sign_in(credential),
        "used_by": list(credential.integrations.all()),
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
    }


def answer(credential: Credential, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    headers = {**etags.headers(credential.updated_at), **(headers or {})}
    return Response(CredentialShape(shown(credential)).data, status, headers=headers)


class CredentialCall(Call):
    queryset = Credential.everywhere.none()

    def get_queryset(self) -> QuerySet[Credential]:
        return rows()

    def find(self, pk: UUID) -> Credential:
        return get_object_or_404(rows(), pk=pk)


class Credentials(CredentialCall):
    filterset_class = CredentialFilter
    ordering = ("name", "id")
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="credentials_list", responses=CredentialShape(many=True))
    def get(self, request: Request) -> Response:
        """List the credentials by name, without their secrets."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(CredentialShape([shown(row) for row in page or []], many=True).data)

    @extend_schema(
        operation_id="credentials_create",
        parameters=[etags.ETAG],
        request=CredentialNew,
        responses={201: CredentialShape},
    )
    def post(self, request: Request) -> Response:
        """Keep a credential, sealed.

        A secret is never shown again: its field is answered as `{"set": true}`. Instead of a secret, `data` may hold a
        reference to one that is kept elsewhere, such as `vault://mount/path#key`.
        """
        shape = CredentialNew(data=request.data, context={"tenant_id": self.tenant_id})
        shape.is_valid(raise_exception=True)
        made = credentials.create(tenant_id=self.tenant_id, by=self.access.user, **shape.given())
        headers = {"Location": reverse("credential", args=[made.pk])}
        return answer(self.find(made.pk), 201, headers)


class OneCredential(CredentialCall):
    refusals = {"PUT": (409, 412), "PATCH": (409, 412), "DELETE": (409, 412)}

    @extend_schema(operation_id="credentials_read", parameters=[etags.ETAG], responses=CredentialShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one credential, without its secrets."""
        return answer(self.find(pk))

    @extend_schema(
        operation_id="credentials_replace",
        parameters=[etags.IF_MATCH, etags.ETAG],
        request=CredentialChange,
        responses=CredentialShape,
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Replace a credential's name and data.

        A secret that is left out, or sent back as `{"set": true}`, is kept. Engines get the new data before a run.
        """
        return self._change(pk, is_partial=False)

    @extend_schema(
        operation_id="credentials_change",
        parameters=[etags.IF_MATCH, etags.ETAG],
        request=CredentialChange,
        responses=CredentialShape,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change a credential's name or data; what is left out stays as it is."""
        return self._change(pk, is_partial=True)

    @extend_schema(operation_id="credentials_delete", parameters=[etags.IF_MATCH], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a credential for good. One that is in use is kept, and the answer names its users."""
        credentials.delete(credential=self.find(pk), by=self.access.user, seen=etags.seen(request))
        return Response(status=204)

    def _change(self, pk: UUID, *, is_partial: bool) -> Response:
        found = self.find(pk)
        shape = CredentialChange(data=self.request.data, partial=is_partial, context={"credential": found})
        shape.is_valid(raise_exception=True)
        seen = etags.seen(self.request)
        changed = credentials.update(credential=found, by=self.access.user, seen=seen, **shape.given())
        return answer(self.find(changed.pk))


class TestCredential(CredentialCall):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="credentials_test", request=None, responses=ReportShape)
    def post(self, request: Request, pk: UUID) -> Response:
        """Test a credential, step by step, with the settings of an integration that uses it.

        `status` and `verified_at` of the credential keep what came of it.
        """
        return Response(ReportShape(connections.try_credential(credential=self.find(pk), by=self.access.user)).data)


class AuthoriseCredential(CredentialCall):
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="credentials_authorise", request=None, responses=AuthorisationShape)
    def post(self, request: Request, pk: UUID) -> Response:
        """Begin a sign-in at the service.

        Open the URL in a browser that is signed in to the hub as you: the service sends you back there. The credential
        keeps its id, however often it is authorised; `authorisation` tells how that stands.
        """
        credential = self.find(pk)
        is_program = isinstance(request.auth, ApiToken)
        begun = signing_in.begin(
            credential=credential,
            user=self.access.user,
            session_key="" if is_program else request.session.session_key or "",
            redirect_uri=request.build_absolute_uri(signing_in.path_back(credential.connector)),
        )
        return Response(AuthorisationShape(begun).data)
