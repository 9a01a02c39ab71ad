"""Tells Django which site the admin pages are registered with."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class HubAdminConfig(AdminConfig):
    default_site = "servicetsunami.site.HubSite"
