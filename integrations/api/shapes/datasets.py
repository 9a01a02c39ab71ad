"""Datasets, their versions and their rows, as the API shows them."""

from __future__ import annotations

from rest_framework import serializers

from integrations.api.shapes.fields import JsonObject
from integrations.domain import Json
from integrations.models import Dataset, DatasetVersion

MOST_ROWS = 1000


class ColumnShape(serializers.Serializer[Json]):
    name = serializers.CharField()
    type = serializers.CharField()


class VersionShape(serializers.Serializer[DatasetVersion]):
    id = serializers.UUIDField()
    run = serializers.UUIDField(source="run_id")
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    schema = ColumnShape(many=True)
    created_at = serializers.DateTimeField()


class DatasetShape(serializers.Serializer[Dataset]):
    id = serializers.UUIDField()
    integration = serializers.UUIDField(source="integration_id")
    name = serializers.CharField()
    latest = VersionShape(allow_null=True)
    created_at = serializers.DateTimeField()


class RowsQuery(serializers.Serializer[Json]):
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=MOST_ROWS)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**53)


class RowsShape(serializers.Serializer[Json]):
    dataset_version = serializers.UUIDField(allow_null=True)
    total = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    columns = ColumnShape(many=True)
    rows = serializers.ListField(child=JsonObject())
