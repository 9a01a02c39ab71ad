"""Pages of the hub."""

from __future__ import annotations

from django.urls import path

from integrations.web import views

urlpatterns = [path("", views.home, name="home")]
