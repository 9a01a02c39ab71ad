"""Members, tokens, invitations, tenants and the trail as the API shows them, and as they are written."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.fields import Strict
from tenants.models import ApiToken, AuditEvent, Invitation, Member
from tenants.roles import Role

LONGEST_INVITATION_DAYS = 30
TOKEN_STATES = ("active", "expired", "revoked")
INVITATION_STATES = ("open", "accepted", "withdrawn", "expired")


class PersonShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField(source="get_full_name")


class MemberShape(serializers.ModelSerializer[Member]):
    user = PersonShape()
    is_you = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = ["id", "user", "role", "is_you", "created_at"]

    def get_is_you(self, member: Member) -> bool:
        return bool(member.user_id == self.context["request"].user.pk)


class MemberChange(Strict):
    ignored = frozenset({"id", "user", "is_you", "created_at"})
    role = serializers.ChoiceField(choices=Role.choices)


class TokenShape(serializers.ModelSerializer[ApiToken]):
    """A token without its secret, which only the answer to its making holds."""

    user = PersonShape()
    state = serializers.ChoiceField(choices=TOKEN_STATES)

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "role", "prefix", "user", "parent", "state",
            "expires_at", "last_used_at", "revoked_at", "created_at",
        ]  # fmt: skip


class IssuedTokenShape(TokenShape):
    token = serializers.SerializerMethodField(help_text="The secret: shown here and never again.")

    class Meta(TokenShape.Meta):
        fields = [*TokenShape.Meta.fields, "token"]

    def get_token(self, token: ApiToken) -> str:
        return str(self.context["secret"])


class TokenNew(Strict):
    name = serializers.CharField(max_length=100, help_text="What the token is for.")
    role = serializers.ChoiceField(
        choices=Role.choices, required=False, help_text="The most it may do; without it, what you may."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Without it, the token works until it is revoked."
    )


class InvitationShape(serializers.ModelSerializer[Invitation]):
    email = serializers.CharField(help_text="Empty: whoever has the link may accept.")
    state = serializers.ChoiceField(choices=INVITATION_STATES)
    invited_by = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "state", "invited_by", "expires_at", "accepted_at", "created_at"]

    def get_invited_by(self, invitation: Invitation) -> str | None:
        return invitation.invited_by.email if invitation.invited_by else None


class IssuedInvitationShape(InvitationShape):
    url = serializers.SerializerMethodField(help_text="The link to send: shown here and never again.")

    class Meta(InvitationShape.Meta):
        fields = [*InvitationShape.Meta.fields, "url"]

    def get_url(self, invitation: Invitation) -> str:
        return str(self.context["url"])


class InvitationNew(Strict):
    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.EmailField(
        required=False, allow_blank=True, help_text="Only this address may accept; without it, whoever has the link."
    )
    days = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_INVITATION_DAYS,
        help_text="How long the link works; 7 if not given.",
    )


class InvitationAccept(Strict):
    token = serializers.CharField(max_length=100, help_text="The last part of the invitation's link.")


class TenantShape(serializers.ModelSerializer[Member]):
    id = serializers.UUIDField(source="tenant.id")
    slug = serializers.SlugField(source="tenant.slug", help_text="Name it in X-Tenant to work for this tenant.")
    name = serializers.CharField(source="tenant.name")
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = ["id", "slug", "name", "role", "is_current"]

    def get_is_current(self, member: Member) -> bool:
        return bool(member.tenant_id == self.context["tenant_id"])


class TenantsShape(serializers.Serializer[Any]):
    results = TenantShape(many=True)


@extend_schema_field({"type": "object", "additionalProperties": True})
class AnyObject(serializers.JSONField):
    """A JSON object of any shape."""


class EventShape(serializers.ModelSerializer[AuditEvent]):
    actor_id = serializers.UUIDField(allow_null=True)
    actor = serializers.CharField(source="actor_name", help_text="Empty when the hub itself did it.")
    before = AnyObject(allow_null=True)
    after = AnyObject(allow_null=True)

    class Meta:
        model = AuditEvent
        fields = [
            "id", "at", "actor_id", "actor", "via", "address", "request_id",
            "verb", "object_type", "object_id", "object_name", "before", "after",
        ]  # fmt: skip


class ExportQuery(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=["ndjson", "csv"], default="ndjson")
