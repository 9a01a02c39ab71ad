"""The hub's own calls below /api/v1/. Each answers with and without a slash at its end."""

from __future__ import annotations

from integrations.api.views import bulk, credentials, datasets, events, integrations, oauth_clients, pipelines, runs
from tenants.api.routes import call

urlpatterns = [
    *call("integrations/", integrations.Integrations, "integrations"),
    *call("integrations/bulk", bulk.Bulk, "integrations-bulk"),
    *call("integrations/<uuid:pk>", integrations.OneIntegration, "integration"),
    *call("integrations/<uuid:pk>/run", integrations.RunIntegration, "integration-run"),
    *call("integrations/<uuid:pk>/test", integrations.TestIntegration, "integration-test"),
    *call("runs/", runs.Runs, "runs"),
    *call("runs/<uuid:pk>", runs.OneRun, "run"),
    *call("runs/<uuid:pk>/cancel", runs.CancelRun, "run-cancel"),
    *call("runs/<uuid:pk>/retry", runs.RetryRun, "run-retry"),
    *call("runs/<uuid:pk>/logs", runs.RunLogs, "run-logs"),
    *call("runs/<uuid:pk>/rows", runs.RunRows, "run-rows"),
    *call("credentials/", credentials.Credentials, "credentials"),
    *call("credentials/<uuid:pk>", credentials.OneCredential, "credential"),
    *call("credentials/<uuid:pk>/test", credentials.TestCredential, "credential-test"),
    *call("credentials/<uuid:pk>/authorise", credentials.AuthoriseCredential, "credential-authorise"),
    *call("oauth-clients/", oauth_clients.OAuthClients, "oauth-clients"),
    *call("oauth-clients/<uuid:pk>", oauth_clients.OneOAuthClient, "oauth-client"),
    *call("datasets/", datasets.Datasets, "datasets"),
    *call("datasets/<uuid:pk>", datasets.OneDataset, "dataset"),
    *call("datasets/<uuid:pk>/preview", datasets.DatasetPreview, "dataset-preview"),
    *call("datasets/<uuid:pk>/profile", datasets.DatasetProfile, "dataset-profile"),
    *call("pipelines/", pipelines.Pipelines, "pipelines"),
    *call("runs/<uuid:pk>/events", events.RunEvents, "run-events"),
]
