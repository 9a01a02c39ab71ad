"""Addresses that only tests know: they show the API's foundation without a call of the product."""

from __future__ import annotations

from typing import Any

import structlog
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from servicetsunami import urls
from tenants.api.access import access_of
from tenants.api.problems import Problem
from tenants.models import AuditEvent
from tenants.roles import Role

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


class Key(serializers.Serializer):
    key = serializers.CharField(max_length=5)


class Shape(serializers.Serializer):
    name = serializers.CharField()
    auth = Key(required=False)
    keys = Key(many=True, required=False)


class EventShape(serializers.ModelSerializer):
    class Meta:
        model = AuditEvent
        fields = ["id", "verb", "at"]


class Events(generics.ListAPIView):
    serializer_class = EventShape
    ordering = "-at"

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()


class OneEvent(generics.RetrieveDestroyAPIView):
    serializer_class = EventShape

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()


class Echo(APIView):
    roles = {"PUT": Role.ADMIN}

    def get(self, request: Request) -> Response:
        access = access_of(request)
        return Response({"email": access.user.email, "tenant": str(access.tenant_id), "role": access.role})

    def post(self, request: Request) -> Response:
        shape = Shape(data=request.data)
        shape.is_valid(raise_exception=True)
        return Response(shape.data)

    put = post


class Fails(APIView):
    def get(self, request: Request, how: str) -> Response:
        if how == "aloud":
            structlog.get_logger("tests").warning("it fails")
        raise {
            "missing": Http404("secret words"),
            "busy": Problem(503, "busy", "Later.", headers={"Retry-After": "3"}),
        }.get(how, RuntimeError("nobody foresaw this"))


def page(request: HttpRequest) -> HttpResponse:
    access: Any = getattr(request, "access", None)
    return HttpResponse(str(access.tenant_id) if access else "nobody")


urlpatterns = [
    path("api/v1/events", Events.as_view()),
    path("api/v1/events/<uuid:pk>", OneEvent.as_view()),
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/fails/<how>", Fails.as_view()),
    path("page", page),
    path("", include(urls.urlpatterns)),
]
