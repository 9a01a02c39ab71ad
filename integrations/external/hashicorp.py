"""vault://mount/path#key: a value of HashiCorp Vault's (or OpenBao's) key-value engine, version 2."""

from __future__ import annotations

import re
import time
from typing import Any

import hvac
import requests
from django.conf import settings
from hvac import exceptions

from integrations.external.tenancy import NotAllowed, in_path

SECONDS = 5
MOST_KEPT = 1000
_SEGMENT = re.compile(r"[A-Za-z0-9_@~+ -][A-Za-z0-9_.@~+ -]*")
_Secret = dict[str, Any]
_kept: dict[tuple[str, ...], tuple[float, _Secret]] = {}


def check(name: str, key: str, tenant: str) -> None:
    if not (settings.VAULT_ADDR and settings.VAULT_TOKEN):
        raise NotAllowed("This hub knows no Vault (VAULT_ADDR and VAULT_TOKEN are not set).")
    parts = name.split("/")
    if not key or len(parts) < 2 or not all(map(_SEGMENT.fullmatch, parts)):
        raise NotAllowed("Write it as vault://mount/path#key, of letters, digits and - _ . @ ~ +.")
    prefix = in_path(settings.SECRETS_VAULT_PREFIX, tenant)
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    if not name.startswith(prefix):
        raise NotAllowed(f"Only paths that begin with vault://{prefix} can be referred to.")


def read(name: str, key: str, tenant: str, max_age_seconds: float) -> str:
    check(name, key, tenant)
    value = _secret(name, max_age_seconds).get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise LookupError("The secret has no text at that key.")
    return str(value)


def _secret(name: str, max_age_seconds: float) -> _Secret:
    where = (settings.VAULT_ADDR, settings.VAULT_TOKEN, settings.VAULT_NAMESPACE, name)
    read_at, secret = _kept.get(where, (0.0, {}))
    if max_age_seconds and time.monotonic() - read_at < max_age_seconds:
        return secret
    secret = _fetched(name)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[where] = (time.monotonic(), secret)
    return secret


def _fetched(name: str) -> _Secret:
    mount, _, path = name.partition("/")
    client = hvac.Client(
        url=settings.VAULT_ADDR,
        token=settings.VAULT_TOKEN,
        namespace=settings.VAULT_NAMESPACE or None,
        timeout=SECONDS,
        allow_redirects=False,
    )
    try:
        answer = client.secrets.kv.v2.read_secret_version(path=path, mount_point=mount, raise_on_deleted_version=True)
        secret = answer["data"]["data"]
    except (exceptions.Forbidden, exceptions.Unauthorized):
        raise LookupError("Vault refuses the hub's token there.") from None
    except (exceptions.InvalidPath, exceptions.InvalidRequest):
        raise LookupError("Vault has no such secret.") from None
    except exceptions.VaultDown:
        raise OSError("Vault is sealed.") from None
    except (exceptions.VaultError, requests.RequestException) as error:
        raise OSError(f"Vault does not answer as it should ({type(error).__name__}).") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise OSError("What answers at VAULT_ADDR does not talk like Vault's key-value engine 2.") from None
    finally:
        client.adapter.close()
    if not isinstance(secret, dict):
        raise LookupError("Vault has no such secret.")
    return secret
