"""Where everything is found."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from integrations.admin import engines
from servicetsunami import docs, health

handler400 = "tenants.api.problems.bad_request"
handler403 = "tenants.api.problems.permission_denied"
handler404 = "tenants.api.problems.not_found"
handler500 = "tenants.api.problems.server_error"

urlpatterns = [
    # `integrations/available` is the connectors' and comes first: `integrations/{id}` would take it.
    path("api/v1/", include("connectors.api.urls")),
    path("api/v1/", include("integrations.api.urls")),
    path("api/v1/", include("tenants.api.urls")),
    path("api/schema", docs.Schema.as_view(), name="schema"),
    path("api/docs", docs.Docs.as_view(), name="docs"),
    path("admin/engines", admin.site.admin_view(engines.page), name="platform-engines"),
    path("admin/", admin.site.urls),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("", include("tenants.web.urls")),
    path("", include("integrations.web.urls")),
]
