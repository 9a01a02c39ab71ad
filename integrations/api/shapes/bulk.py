"""One action on many integrations, and what became of each."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from integrations.api.shapes.fields import JsonObject
from integrations.api.shapes.runs import RunShape
from tenants.api.fields import Strict

MOST = 200
ACTIONS = ("run", "pause", "resume", "delete")


class BulkOrder(Strict):
    action = serializers.ChoiceField(choices=ACTIONS)
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)

    def validate_ids(self, ids: list[Any]) -> list[Any]:
        if len(set(ids)) < len(ids):
            raise ValidationError("An id stands here twice.", code="repeated")
        return ids


@extend_schema_field({"$ref": "#/components/schemas/Problem"})
class ProblemField(JsonObject):
    pass


class BulkResult(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    ok = serializers.BooleanField()
    run = RunShape(allow_null=True, help_text="The run that was started.")
    problem = ProblemField(allow_null=True, help_text="Why it was not done.")


class BulkResults(serializers.Serializer[Any]):
    results = BulkResult(many=True, help_text="One of each id, in the order of the ids.")
