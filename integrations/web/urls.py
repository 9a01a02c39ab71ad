"""Pages of the hub."""

from __future__ import annotations

from django.urls import path

from integrations.web import authorising, gallery, run, runs, views

urlpatterns = [
    path("", views.home, name="home"),
    path("connectors/", gallery.Gallery.as_view(), name="gallery"),
    path("connectors/<slug:slug>", gallery.ConnectorPage.as_view(), name="connector"),
    path("runs/", runs.Runs.as_view(), name="runs_page"),
    path("runs/<uuid:pk>", run.RunPage.as_view(), name="run_page"),
    path("runs/<uuid:pk>/log", run.RunLog.as_view(), name="run_log_page"),
    path("runs/<uuid:pk>/cancel", run.Cancel.as_view(), name="cancel_run_page"),
    path("runs/<uuid:pk>/retry", run.Retry.as_view(), name="retry_run_page"),
    path("connectors/<slug:slug>/authorised", authorising.Authorised.as_view(), name="authorised"),
    path("credentials/<uuid:pk>/authorise", authorising.Authorise.as_view(), name="authorise"),
]
