"""The catalogue's addresses, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from connectors.api import views

urlpatterns = [
    path("integrations/available", views.Available.as_view(), name="integrations-available"),
    path("integrations/available/", views.Available.as_view(schema=None)),
    path("connectors/<str:key>", views.Detail.as_view(), name="connector-detail"),
    path("connectors/<str:key>/logo", views.Logo.as_view(), name="connector-logo"),
]
