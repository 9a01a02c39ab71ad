"""Credentials as the API shows them, never with a secret, and as they are written."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from connectors import catalog
from integrations.api.shapes.fields import JsonObject
from integrations.models import Credential
from integrations.services.oauth2.facts import Facts, State
from integrations.services.oauth2.signing_in import Begun
from tenants.api.fields import Strict

STATUSES = (
    "unverified, verified, rejected, unreadable when it cannot be opened, needs_authorisation when somebody must sign "
    "in at the service, or expired."
)


class UserOfCredential(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class SignInShape(serializers.Serializer[Facts]):
    """How the sign-in with OAuth 2.0 stands."""

    grant = serializers.CharField(help_text="authorization_code or client_credentials.")
    state = serializers.ChoiceField(choices=[state.value for state in State])
    detail = serializers.CharField(help_text="Why it is not ok.")
    fix = serializers.CharField(help_text="What to do.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What the service granted.")
    missing_scopes = serializers.ListField(child=serializers.CharField(), help_text="Needed, and not granted.")
    renews = serializers.BooleanField(help_text="Whether the hub renews the token by itself, ahead of its end.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When the token that engines get ends.")
    authorised_at = serializers.DateTimeField(allow_null=True)


class AuthorisationShape(serializers.Serializer[Begun]):
    """Where to send the person who signs in at the service; works once, for the user who asked."""

    url = serializers.CharField()
    redirect_uri = serializers.CharField(help_text="Register it at the service for the OAuth client.")
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What will be asked for.")


class CredentialShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    connector = serializers.CharField(help_text="The connector's slug.")
    name = serializers.CharField()
    fields = JsonObject()  # type: ignore[assignment]  # the metaclass takes it off the class again
    status = serializers.CharField(help_text=STATUSES)
    verified_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    authorisation = SignInShape(allow_null=True)
    used_by = UserOfCredential(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CredentialChange(Strict):
    """What PUT and PATCH take; a secret that is omitted, or given as {"set": true}, is kept."""

    ignored = frozenset(
        {
            *("id", "fields", "status", "verified_at", "expires_at", "last_used_at", "authorisation", "used_by"),
            *("created_at", "updated_at"),
        }
    )

    connector = serializers.CharField(required=False, help_text="Cannot be changed; may be repeated.")
    name = serializers.CharField(max_length=200)
    data = JsonObject()  # type: ignore[assignment]  # as above

    def validate_connector(self, slug: str) -> str:
        credential: Credential = self.context["credential"]
        if slug != credential.connector.slug:
            raise ValidationError("A credential keeps its connector. Make another credential.", code="immutable")
        return slug

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in self.validated_data.items() if name != "connector"}


class CredentialNew(CredentialChange):
    """What POST takes."""

    connector = serializers.CharField(help_text="A slug of integrations/available.")

    def validate_connector(self, slug: str) -> str:
        self.found = catalog.available(self.context["tenant_id"]).filter(slug=slug).first()
        if self.found is None:
            raise ValidationError("There is no such connector. GET integrations/available lists them.", code="unknown")
        return slug

    def given(self) -> dict[str, Any]:
        return {"connector": self.found, **super().given()}
