"""env://NAME: a variable of the hub's environment, of those whose names begin as the settings say."""

from __future__ import annotations

import os
import re

from django.conf import settings

from integrations.external.tenancy import NotAllowed, in_variable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(name: str, key: str, tenant: str) -> None:
    if not settings.SECRETS_ENV_PREFIX:
        raise NotAllowed("This hub lets no credential refer to its environment (HUB_SECRETS_ENV_PREFIX is empty).")
    if not _NAME.fullmatch(name) or key:
        raise NotAllowed("Write it as env://NAME, the name of letters, digits and _.")
    prefix = in_variable(settings.SECRETS_ENV_PREFIX, tenant)
    if not name.startswith(prefix) or name == prefix:
        raise NotAllowed(f"Only variables whose names begin with {prefix} can be referred to.")


def read(name: str, key: str, tenant: str, max_age_seconds: float) -> str:
    check(name, key, tenant)
    try:
        return os.environ[name]
    except KeyError:
        raise LookupError("The variable is not set where this process runs.") from None
