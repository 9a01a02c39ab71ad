"""Pages of the hub."""

from __future__ import annotations

from django.urls import path

from integrations.web import (
    authorising,
    credential_form,
    credentials,
    data,
    gallery,
    integration,
    integrations,
    run,
    runs,
    settings,
    wizard,
)

urlpatterns = [
    path("", integrations.Home.as_view(), name="home"),
    path("connectors/", gallery.Gallery.as_view(), name="gallery"),
    path("connectors/<slug:slug>", gallery.ConnectorPage.as_view(), name="connector"),
    path("runs/", runs.Runs.as_view(), name="runs_page"),
    path("runs/<uuid:pk>", run.RunPage.as_view(), name="run_page"),
    path("runs/<uuid:pk>/log/download", run.RunLog.as_view(), name="run_log_page"),
    path("runs/<uuid:pk>/cancel", run.Cancel.as_view(), name="cancel_run_page"),
    path("runs/<uuid:pk>/retry", run.Retry.as_view(), name="retry_run_page"),
    path("data/", data.Datasets.as_view(), name="datasets_page"),
    path("data/<uuid:pk>", data.DatasetPage.as_view(), name="dataset_page"),
    path("data/<uuid:pk>/download", data.Download.as_view(), name="download_dataset"),
    path("connectors/<slug:slug>/set-up", wizard.Begin.as_view(), name="set_up"),
    *(path(f"drafts/<uuid:pk>/{page.step}", page.as_view(), name=f"draft_{page.step}") for page in wizard.PAGES),
    path("drafts/<uuid:pk>/give-up", wizard.GiveUp.as_view(), name="give_up_draft"),
    path("integrations/bulk", integrations.Bulk.as_view(), name="bulk_integrations"),
    path("integrations/<uuid:pk>", integration.Overview.as_view(), name="integration_page"),
    path("integrations/<uuid:pk>/runs", integration.Runs.as_view(), name="integration_runs"),
    path("integrations/<uuid:pk>/settings", settings.Settings.as_view(), name="edit_integration"),
    path("integrations/<uuid:pk>/timeline", integration.Timeline.as_view(), name="integration_timeline"),
    path("integrations/<uuid:pk>/timeline/<uuid:event>", integration.Restore.as_view(), name="restore_integration"),
    path("integrations/<uuid:pk>/run", integrations.RunNow.as_view(), name="run_integration"),
    path("integrations/<uuid:pk>/pause", integrations.Pause.as_view(), name="pause_integration"),
    path("integrations/<uuid:pk>/resume", integrations.Resume.as_view(), name="resume_integration"),
    path("integrations/<uuid:pk>/duplicate", integrations.Duplicate.as_view(), name="duplicate_integration"),
    path("integrations/<uuid:pk>/delete", integrations.Delete.as_view(), name="delete_integration"),
    path("credentials/", credentials.Credentials.as_view(), name="credentials_page"),
    path("credentials/new", credential_form.New.as_view(), name="new_credential"),
    path("credentials/<uuid:pk>", credentials.CredentialPage.as_view(), name="credential_page"),
    path("credentials/<uuid:pk>/edit", credential_form.Edit.as_view(), name="edit_credential"),
    path("credentials/<uuid:pk>/test", credentials.Try.as_view(), name="try_credential"),
    path("credentials/<uuid:pk>/delete", credentials.Delete.as_view(), name="delete_credential"),
    path("connectors/<slug:slug>/authorised", authorising.Authorised.as_view(), name="authorised"),
    path("credentials/<uuid:pk>/authorise", authorising.Authorise.as_view(), name="authorise"),
]
