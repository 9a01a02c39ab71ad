"""Pages of the hub."""

from __future__ import annotations

from django.urls import path

from integrations.web import gallery, views

urlpatterns = [
    path("", views.home, name="home"),
    path("connectors/", gallery.Gallery.as_view(), name="gallery"),
    path("connectors/<slug:slug>", gallery.ConnectorPage.as_view(), name="connector"),
]
