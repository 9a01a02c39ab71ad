"""A tenant's own OAuth clients. What goes out never holds their secret."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api import etags
from integrations.api.shapes.oauth_clients import OAuthClientChange, OAuthClientNew, OAuthClientShape
from integrations.api.views.base import Call
from integrations.models import OAuthClient
from integrations.services import overview
from integrations.services.oauth2 import clients, signing_in
from tenants.roles import Role


class OAuthClientCall(Call):
    queryset = OAuthClient.everywhere.none()
    roles = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), Role.ADMIN)

    def get_queryset(self) -> QuerySet[OAuthClient]:
        return OAuthClient.objects.prefetch_related(overview.connectors())

    def find(self, pk: UUID) -> OAuthClient:
        return get_object_or_404(self.get_queryset(), pk=pk)

    def get_serializer_context(self) -> dict[str, Any]:
        return {"redirect_uri": lambda row: self.request.build_absolute_uri(signing_in.path_back(row.connector))}

    def answer(self, client: OAuthClient, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        shape = OAuthClientShape(client, context=self.get_serializer_context())
        return Response(shape.data, status, headers={**etags.headers(client.updated_at), **(headers or {})})


class OAuthClients(OAuthClientCall):
    ordering = ("client_id", "id")
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="oauth_clients_list", responses=OAuthClientShape(many=True))
    def get(self, request: Request) -> Response:
        """List the organisation's own OAuth clients, without their secrets."""
        return self.answer_page(OAuthClientShape)

    @extend_schema(
        operation_id="oauth_clients_create",
        parameters=[etags.ETAG],
        request=OAuthClientNew,
        responses={201: OAuthClientShape},
    )
    def post(self, request: Request) -> Response:
        """Have the hub be this client at a connector's service.

        It counts for this organisation, and goes before the client that the hub has for everybody. Register
        `redirect_uri` at the service.
        """
        shape = OAuthClientNew(data=request.data, context={"tenant_id": self.tenant_id})
        shape.is_valid(raise_exception=True)
        made = clients.create(tenant_id=self.tenant_id, by=self.access.user, **shape.validated_data)
        return self.answer(made, 201, {"Location": reverse("oauth-client", args=[made.pk])})


class OneOAuthClient(OAuthClientCall):
    refusals = {"PATCH": (412,), "DELETE": (409, 412)}

    @extend_schema(operation_id="oauth_clients_read", parameters=[etags.ETAG], responses=OAuthClientShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one OAuth client, without its secret."""
        return self.answer(self.find(pk))

    @extend_schema(
        operation_id="oauth_clients_change",
        parameters=[etags.IF_MATCH, etags.ETAG],
        request=OAuthClientChange,
        responses=OAuthClientShape,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change an OAuth client.

        Another client needs its own secret, and what the old one was granted must be authorised again.
        """
        shape = OAuthClientChange(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        seen = etags.seen(request)
        changed = clients.update(client=self.find(pk), by=self.access.user, seen=seen, **shape.validated_data)
        return self.answer(changed)

    @extend_schema(operation_id="oauth_clients_delete", parameters=[etags.IF_MATCH], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete an OAuth client. One that is in use is kept, and the answer names the credentials that use it."""
        clients.delete(client=self.find(pk), by=self.access.user, seen=etags.seen(request))
        return Response(status=204)
