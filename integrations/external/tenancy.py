"""Which part of a place belongs to a tenant: `{tenant}` in a setting stands for the tenant's slug."""

from __future__ import annotations

import re

from django.core.exceptions import ImproperlyConfigured

MARK = "{tenant}"
_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class NotAllowed(Exception):
    """The reference is not one that this tenant may use; the message says why, and never what is there."""


def in_path(setting: str, tenant: str) -> str:
    """Fill in a folder or a path."""
    if MARK in setting and not _SLUG.fullmatch(tenant):
        raise NotAllowed("Your organisation's short name cannot be part of a path.")
    return setting.replace(MARK, tenant)


def in_variable(setting: str, tenant: str) -> str:
    """Fill in a prefix of variables: `acme-shop` becomes `ACME_SHOP`.

    No tenant's prefix may begin another's: so two underscores end it, and a slug that could spell two is refused.
    """
    if MARK not in setting:
        return setting
    if not setting.endswith(f"{MARK}__"):
        raise ImproperlyConfigured(f"HUB_SECRETS_ENV_PREFIX must end with {MARK}__ when it names the tenant.")
    if not _PLAIN_SLUG.fullmatch(tenant):
        raise NotAllowed("Variables are only for organisations whose short name is of a-z, 0-9 and single hyphens.")
    return setting.replace(MARK, tenant.replace("-", "_").upper())
