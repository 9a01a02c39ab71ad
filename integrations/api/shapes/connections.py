"""Tests of connections as the API shows them."""

from __future__ import annotations

from rest_framework import serializers

from integrations.services.connections import Report
from integrations.services.probes import STEPS, Stage


class StageShape(serializers.Serializer[Stage]):
    name = serializers.ChoiceField(choices=STEPS)
    ok = serializers.BooleanField()
    seconds = serializers.FloatField()
    detail = serializers.CharField()
    fix = serializers.CharField(help_text="What to do, where it stopped.")
    days_left = serializers.IntegerField(allow_null=True, help_text="Days until the certificate expires; tls alone.")


class ReportShape(serializers.Serializer[Report]):
    ok = serializers.BooleanField()
    seconds = serializers.FloatField()
    stages = StageShape(many=True, help_text="How far it came, in order; steps that were not reached are left out.")
