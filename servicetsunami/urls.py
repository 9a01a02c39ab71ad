"""Where everything is found."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from servicetsunami import health

urlpatterns = [
    # `integrations/available` is the connectors' and comes first: `integrations/{id}` would take it.
    path("api/v1/", include("connectors.api.urls")),
    path("api/v1/", include("integrations.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("login", LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("", include("integrations.web.urls")),
]
