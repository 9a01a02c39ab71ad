"""The catalogue's addresses, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from connectors.api import views
from tenants.api.routes import call

urlpatterns = [
    path("integrations/available", views.Available.as_view(), name="integrations-available"),
    path("integrations/available/", views.Available.as_view(schema=None)),
    *call("connectors/", views.Catalogue, "connectors"),
    path("connectors/<str:key>", views.Detail.as_view(), name="connector-detail"),
    path("connectors/<str:key>/folder", views.Folder.as_view(), name="connector-folder"),
    path("connectors/<str:key>/logo", views.Logo.as_view(), name="connector-logo"),
]
