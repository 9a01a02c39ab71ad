"""Datasets, their versions and their rows, as the API shows them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.api.shapes.fields import JsonObject
from integrations.domain import Json
from integrations.models import Dataset, DatasetVersion
from integrations.services.landing.profiling import KINDS

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


@extend_schema_field({"type": ["number", "string", "boolean"]})
class Scalar(serializers.JSONField):
    """A number, a text (also for times), or a truth."""


class StepShape(serializers.Serializer[Json]):
    low = serializers.FloatField(help_text="Where the step begins; of times, in seconds since 1970.")
    high = serializers.FloatField()
    count = serializers.IntegerField()


class FrequentShape(serializers.Serializer[Json]):
    value = Scalar(help_text="A text (its first 200 characters), or a truth.")
    count = serializers.IntegerField()


class ColumnProfileShape(ColumnShape):
    kind = serializers.ChoiceField(choices=KINDS)
    nulls = serializers.IntegerField()
    null_share = serializers.FloatField(help_text="From 0 to 1.")
    distinct = serializers.IntegerField(help_text="How many different values there are, null left out.")
    is_estimate = serializers.BooleanField(help_text="Whether `distinct` is estimated, as for millions of rows.")
    min = Scalar(allow_null=True, help_text="The least value; nested values have none.")
    max = Scalar(allow_null=True)
    histogram = StepShape(many=True, help_text="Equal steps from the least to the greatest number or time.")
    values = FrequentShape(many=True, help_text="The most frequent texts or truths, unless each is there once.")


class ProfileShape(serializers.Serializer[Json]):
    dataset_version = serializers.UUIDField(allow_null=True)
    rows = serializers.IntegerField()
    columns = ColumnProfileShape(many=True)
