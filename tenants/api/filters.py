"""What the trail and the tokens can be narrowed by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField

from tenants.models import ApiToken, AuditEvent


class MomentField(IsoDateTimeField):
    """A moment in UTC, whatever its offset was: PostgreSQL knows fewer of them than Python."""

    def to_python(self, value: Any) -> datetime | None:
        found: datetime | None = super().to_python(value)
        try:
            return found.astimezone(UTC) if found else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentField


class AuditFilter(filters.FilterSet):
    actor = filters.CharFilter(method="of_actor", label="The email address or the id of who did it.")
    verb = filters.CharFilter()
    object_type = filters.CharFilter(lookup_expr="iexact", label="Such as Credential or Integration.")
    object_id = filters.UUIDFilter()
    request_id = filters.CharFilter()
    address = filters.CharFilter()
    at_after = MomentFilter(field_name="at", lookup_expr="gte")
    at_before = MomentFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def of_actor(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        try:
            return rows.filter(actor_id=UUID(value))
        except ValueError:
            return rows.filter(actor_name__iexact=value)


class TokenFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ApiToken
        fields: list[str] = []
