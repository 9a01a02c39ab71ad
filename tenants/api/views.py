"""The API's calls about a tenant itself: its members, invitations, tokens and trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.access import memberships
from tenants.api.calls import Call, checked
from tenants.api.filters import AuditFilter, TokenFilter
from tenants.api.negotiation import AnyAccept
from tenants.api.permissions import IsSession
from tenants.api.problems import Problem
from tenants.api.shapes import (
    EventShape,
    ExportQuery,
    InvitationAccept,
    InvitationNew,
    InvitationShape,
    IssuedInvitationShape,
    IssuedTokenShape,
    MemberChange,
    MemberShape,
    TenantShape,
    TenantsShape,
    TokenNew,
    TokenShape,
)
from tenants.api.streaming import Streamed
from tenants.models import ApiToken, AuditEvent, Invitation, Member, User
from tenants.roles import Role
from tenants.scope import current
from tenants.services import invitations, members, tokens, trail

ADMINS = {"GET": Role.ADMIN, "POST": Role.ADMIN, "DELETE": Role.ADMIN}
EVERYBODY = {"GET": Role.VIEWER, "POST": Role.VIEWER, "DELETE": Role.VIEWER}


class Tokens(Call):
    queryset = ApiToken.everywhere.none()
    filterset_class = TokenFilter
    ordering = ("-created_at", "-id")
    roles = EVERYBODY

    def get_queryset(self) -> QuerySet[ApiToken]:
        return tokens.seen_by(self.access.user, self.access.role)

    @extend_schema(operation_id="tokens_list", responses=TokenShape(many=True))
    def get(self, request: Request) -> Response:
        """List your tokens; an admin sees everybody's."""
        return self.answer_page(TokenShape)

    @extend_schema(operation_id="tokens_create", request=TokenNew, responses={201: IssuedTokenShape})
    def post(self, request: Request) -> Response:
        """Make a token.

        `token` is its secret, shown here and never again. A token made with a token can do no more than that one, and
        ends with it.
        """
        given = checked(TokenNew(data=request.data)).validated_data
        token, secret = tokens.issue(
            member=Member.objects.select_related("user").get(user=self.access.user),
            name=given["name"],
            role=Role(given["role"]) if "role" in given else None,
            expires_at=given.get("expires_at"),
            parent=request.auth if isinstance(request.auth, ApiToken) else None,
        )
        location = reverse("token", args=[token.pk])
        return Response(IssuedTokenShape(token, context={"secret": secret}).data, 201, headers={"Location": location})


class OneToken(Call):
    queryset = ApiToken.everywhere.none()
    roles = EVERYBODY

    def find(self, pk: UUID) -> ApiToken:
        return get_object_or_404(tokens.seen_by(self.access.user, self.access.role), pk=pk)

    @extend_schema(operation_id="tokens_read", responses=TokenShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one token, without its secret."""
        return Response(TokenShape(self.find(pk)).data)

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoke the token and those made with it: they stop working at once."""
        tokens.revoke(token=self.find(pk), by=self.access.user)
        return Response(status=204)


class Members(Call):
    queryset = Member.everywhere.none()
    ordering = ("created_at", "id")

    def get_queryset(self) -> QuerySet[Member]:
        return Member.objects.select_related("user")

    @extend_schema(operation_id="members_list", responses=MemberShape(many=True))
    def get(self, request: Request) -> Response:
        """List the members of the organisation."""
        return self.answer_page(MemberShape)


class OneMember(Call):
    queryset = Member.everywhere.none()
    roles = {"PATCH": Role.ADMIN, "DELETE": Role.ADMIN}
    refusals = {"PATCH": (409,), "DELETE": (409,)}

    def find(self, pk: UUID) -> Member:
        return get_object_or_404(Member.objects.select_related("user"), pk=pk)

    @extend_schema(operation_id="members_read", responses=MemberShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one member."""
        return self._shown(self.find(pk))

    @extend_schema(operation_id="members_change", request=MemberChange, responses=MemberShape)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Give a member another role. The last admin keeps theirs."""
        member = self.find(pk)
        given = checked(MemberChange(data=request.data)).validated_data
        members.change_role(member=member, role=Role(given["role"]), by=self.access.user)
        return self._shown(member)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """End a membership and the tokens that came with it. The last admin stays."""
        members.remove(member=self.find(pk), by=self.access.user)
        return Response(status=204)

    def _shown(self, member: Member) -> Response:
        return Response(MemberShape(member, context=self.get_serializer_context()).data)


class Leave(Call):
    queryset = Member.everywhere.none()
    roles = EVERYBODY
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="members_leave", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Leave the organisation. The last admin stays."""
        members.remove(member=Member.objects.select_related("user").get(user=self.access.user), by=self.access.user)
        return Response(status=204)


class Invitations(Call):
    queryset = Invitation.everywhere.none()
    ordering = ("-created_at", "-id")
    roles = ADMINS

    def get_queryset(self) -> QuerySet[Invitation]:
        return Invitation.objects.select_related("invited_by")

    @extend_schema(operation_id="invitations_list", responses=InvitationShape(many=True))
    def get(self, request: Request) -> Response:
        """List the invitations, the newest first."""
        return self.answer_page(InvitationShape)

    @extend_schema(operation_id="invitations_create", request=InvitationNew, responses={201: IssuedInvitationShape})
    def post(self, request: Request) -> Response:
        """Make a link that lets one person in, once."""
        given = checked(InvitationNew(data=request.data)).validated_data
        tenant = members.tenant(self.tenant_id)
        made, secret = invitations.create(**{**given, "role": Role(given["role"])}, tenant=tenant, by=self.access.user)
        url = request.build_absolute_uri(reverse("accept_invitation", args=[secret]))
        location = reverse("invitation", args=[made.pk])
        return Response(IssuedInvitationShape(made, context={"url": url}).data, 201, headers={"Location": location})


class OneInvitation(Call):
    queryset = Invitation.everywhere.none()
    roles = ADMINS

    def find(self, pk: UUID) -> Invitation:
        return get_object_or_404(Invitation.objects.select_related("invited_by"), pk=pk)

    @extend_schema(operation_id="invitations_read", responses=InvitationShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one invitation, without its link."""
        return Response(InvitationShape(self.find(pk)).data)

    @extend_schema(operation_id="invitations_withdraw", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Withdraw the invitation: its link stops working at once."""
        invitations.withdraw(invitation=self.find(pk), by=self.access.user)
        return Response(status=204)


class AcceptInvitation(Call):
    """For somebody signed in. A token speaks for one organisation and cannot join another."""

    queryset = Member.everywhere.none()
    permission_classes = [IsSession]
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="invitations_accept", request=InvitationAccept, responses={201: MemberShape})
    def post(self, request: Request) -> Response:
        """Join the organisation whose link you have.

        For somebody signed in to the pages: a token speaks for one organisation and cannot join another.
        """
        found = invitations.find(checked(InvitationAccept(data=request.data)).validated_data["token"])
        if found is None:
            raise Problem(
                404, "no_such_invitation", "This link was used, withdrawn or has expired. Ask for another one."
            )
        member = invitations.accept(invitation=found, user=cast(User, request.user))
        return Response(MemberShape(member, context=self.get_serializer_context()).data, 201)


class Tenants(Call):
    queryset = Member.everywhere.none()
    permission_classes = [IsAuthenticated]
    pagination_class = None

    @extend_schema(operation_id="tenants_list", responses=TenantsShape)
    def get(self, request: Request) -> Response:
        """List the organisations you may work for.

        A token works for one. Somebody signed in to the pages names another one's slug in X-Tenant.
        """
        mine: Sequence[Member] | QuerySet[Member] = memberships(request)
        if isinstance(request.auth, ApiToken):
            mine = members.of_user(self.access.user).filter(tenant=self.tenant_id)
        context = {**self.get_serializer_context(), "tenant_id": current()}
        return Response({"results": TenantShape(mine, many=True, context=context).data})


class Audit(Call):
    queryset = AuditEvent.everywhere.none()
    filterset_class = AuditFilter
    ordering = ("-at", "-id")
    roles = ADMINS

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()

    @extend_schema(operation_id="audit_list", responses=EventShape(many=True))
    def get(self, request: Request) -> Response:
        """List who changed or used what, from where, the newest first. Secrets are left out."""
        return self.answer_page(EventShape)


class AuditExport(Audit):
    pagination_class = None
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="audit_export",
        parameters=[ExportQuery],
        filters=True,
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:  # type: ignore[override]
        """Download all events that the filters leave, the newest first, as one file."""
        form = checked(ExportQuery(data=request.query_params)).validated_data["format"]
        return exported(self.filter_queryset(self.get_queryset()), self.tenant_id, form)


def exported(rows: QuerySet[AuditEvent], tenant_id: UUID, form: str) -> HttpResponseBase:
    pieces: Any = trail.as_csv(rows, tenant_id) if form == "csv" else trail.ndjson(rows, tenant_id)
    media_type = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    name = f"audit-{timezone.now():%Y-%m-%d}.{form}"
    return Streamed(pieces, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
