"""How the admin pages look and what their sidebar holds: django-unfold's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Item = dict[str, Any]


def may_view(model: str) -> Callable[[HttpRequest], bool]:
    app, _, name = model.partition(".")
    return lambda request: request.user.has_perm(f"{app}.view_{name}")


def rows(title: str, icon: str, model: str) -> Item:
    """The list of a model, for those who may look at it."""
    link = reverse_lazy(f"admin:{model.replace('.', '_')}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": may_view(model)}


def asset(path: str) -> Callable[[HttpRequest], str]:
    # Asked when a page is made: where static files are served is not known while settings are read.
    return lambda _: static(path)


NAVIGATION: list[Item] = [
    {
        "items": [
            {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")},
            {
                "title": "Engines",
                "icon": "manufacturing",
                "link": reverse_lazy("platform-engines"),
                "permission": may_view("integrations.run"),
            },
        ]
    },
    {
        "title": "Marketplace",
        "items": [
            rows("Connectors", "extension", "connectors.connector"),
            rows("Spark jobs", "bolt", "connectors.sparkjob"),
        ],
    },
    {
        "title": "What happens",
        "items": [
            rows("Runs", "play_circle", "integrations.run"),
            rows("Integrations", "hub", "integrations.integration"),
            rows("Datasets", "database", "integrations.dataset"),
            rows("Credentials", "key", "integrations.credential"),
            rows("Deployments", "deployed_code", "integrations.deployment"),
        ],
    },
    {
        "title": "People",
        "items": [
            rows("Organisations", "domain", "tenants.tenant"),
            rows("Users", "person", "tenants.user"),
            rows("Members", "group", "tenants.member"),
            rows("Invitations", "mail", "tenants.invitation"),
            rows("API tokens", "token", "tenants.apitoken"),
            rows("Groups of staff", "shield_person", "auth.group"),
        ],
    },
    {
        "title": "Trail",
        "items": [
            rows("Audit", "history", "tenants.auditevent"),
            rows("Failed sign-ins", "lock", "axes.accessattempt"),
        ],
    },
]

# The hub's own colour, #0a6c7e, from pale to dark.
PRIMARY = {
    "50": "#eef8fa",
    "100": "#d6eef2",
    "200": "#b0dee6",
    "300": "#7cc7d4",
    "400": "#45aabc",
    "500": "#1f9db3",
    "600": "#0a6c7e",
    "700": "#095867",
    "800": "#0a4855",
    "900": "#0c3c47",
    "950": "#05262e",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Integrations Hub",
    "SITE_HEADER": "Integrations Hub",
    "SITE_SUBHEADER": "The platform",
    "SITE_ICON": asset("hub.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("hub.svg")}],
    "SHOW_BACK_BUTTON": True,
    "COLORS": {"primary": PRIMARY},
    "STYLES": [asset("platform/platform.css")],
    "SCRIPTS": [asset("platform/names.js")],
    "DASHBOARD_CALLBACK": "integrations.admin.dashboard.context",
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": NAVIGATION},
}
