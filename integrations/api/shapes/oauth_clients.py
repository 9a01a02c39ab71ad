"""OAuth clients as the API shows them, never with their secret, and as they are written."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from connectors import catalog
from tenants.api.fields import Strict


class OAuthClientShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    connector = serializers.CharField(source="connector.slug", help_text="The connector's slug.")
    client_id = serializers.CharField()
    redirect_uri = serializers.SerializerMethodField(help_text="Register it at the service for this client.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_redirect_uri(self, client: Any) -> str:
        place: str = self.context["redirect_uri"](client)
        return place


class OAuthClientChange(Strict):
    """What PATCH takes."""

    ignored = frozenset({"id", "connector", "redirect_uri", "created_at", "updated_at"})

    client_id = serializers.CharField(max_length=500)
    client_secret = serializers.CharField(
        max_length=2000, allow_blank=True, write_only=True, help_text="Empty for a public client, which has none."
    )


class OAuthClientNew(OAuthClientChange):
    """What POST takes."""

    connector = serializers.CharField(help_text="A slug of integrations/available.")

    def validate_connector(self, slug: str) -> Any:
        found = catalog.available(self.context["tenant_id"]).filter(slug=slug).first()
        if found is None:
            raise ValidationError("There is no such connector. GET integrations/available lists them.", code="unknown")
        return found
