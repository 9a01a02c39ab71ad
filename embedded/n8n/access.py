"""Login and API key of an embedded n8n, without a browser."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from embedded.n8n.account import Account, write_private
from embedded.n8n.server import StartError

LABEL = "Integrations Hub"
# n8n ties a login to the browser that made it; any constant will do for both.
BROWSER = {"browser-id": "integrations-hub"}
SCOPES = (
    "workflow:create",
    "workflow:read",
    "workflow:list",
    "workflow:update",
    "workflow:delete",
    "workflow:activate",
    "workflow:deactivate",
    "credential:create",
    "credential:update",
    "credential:delete",
    "execution:read",
    "execution:list",
    "execution:delete",
    "execution:stop",
)
TEST_LABEL = f"{LABEL}, tests of credentials"
TEST_SCOPES = ("workflow:list", "credential:list", "credential:create", "credential:read", "credential:delete")
"""n8n lets nobody but its admins have a credential tested by a key."""
KEPT = {"N8N_API_KEY": "api-key", "N8N_TEST_API_KEY": "test-api-key"}
"""The files of the keys, by the setting that the hub reads each from."""


def api_keys(url: str, folder: Path) -> dict[str, str]:
    """Return what lets the hub in, by setting: its keys, each as `api_key` does, and its account."""
    keys = {"N8N_API_KEY": api_key(url, folder), "N8N_TEST_API_KEY": trial_api_key(url, folder)}
    return {**keys, **_account(folder)}


def kept_keys(folder: Path) -> dict[str, str]:
    """Return the keys that an earlier start left, n8n unasked; nothing when one is missing."""
    files = {setting: folder / name for setting, name in KEPT.items()}
    if not all(file.exists() for file in files.values()):
        return {}
    return {**{setting: file.read_text().strip() for setting, file in files.items()}, **_account(folder)}


def _account(folder: Path) -> dict[str, str]:
    """The hub's own account, by which it reads what n8n knows of its nodes: no API key may."""
    hub = Account.hub(folder)
    return {"N8N_EMAIL": hub.email, "N8N_PASSWORD": hub.password}


def api_key(url: str, folder: Path, label: str = LABEL) -> str:
    """Return a key n8n accepts: the one kept in `folder`, or a new one kept there when it is refused.

    A new key takes the place of the one with the same label.
    """
    return _kept_or_made(url, folder / KEPT["N8N_API_KEY"], lambda: make_key(url, enter(url, folder), label, SCOPES))


def trial_api_key(url: str, folder: Path) -> str:
    """Return the owner's key for nothing but tests of credentials."""

    def make() -> str:
        return make_key(url, login(url, Account.owner(folder)), TEST_LABEL, TEST_SCOPES)

    return _kept_or_made(url, folder / KEPT["N8N_TEST_API_KEY"], make)


def _kept_or_made(url: str, path: Path, make: Callable[[], str]) -> str:
    kept = path.read_text().strip() if path.exists() else ""
    if kept and is_accepted(url, kept):
        return kept
    made = make()
    write_private(path, made)
    return made


def is_accepted(url: str, key: str) -> bool:
    answer = requests.get(f"{url}/api/v1/workflows?limit=1", headers={"X-N8N-API-KEY": key}, timeout=30)
    if answer.status_code in (401, 403):
        return False
    answer.raise_for_status()
    return True


def enter(url: str, folder: Path) -> requests.Session:
    """Log the hub's own account in, having the owner invite it the first time."""
    hub = Account.hub(folder)
    session = new_session()
    if try_login(session, url, hub):
        return session
    owner = login(url, Account.owner(folder))
    invited = owner.post(f"{url}/rest/invitations", json=[{"email": hub.email, "role": "global:member"}], timeout=30)
    invited.raise_for_status()
    links = [entry["user"].get("inviteAcceptUrl") for entry in invited.json()["data"]]
    if not any(links):
        raise StartError(
            f"n8n at {url} has an account {hub.email} with another password. Remove it there, or {folder}."
        )
    token = parse_qs(urlsplit(links[0]).query)["token"][0]
    body = {"token": token, "firstName": "Integrations", "lastName": "Hub", "password": hub.password}
    session.post(f"{url}/rest/invitations/accept", json=body, timeout=30).raise_for_status()
    return session


def login(url: str, account: Account) -> requests.Session:
    """Log an account in and return the session that n8n's own pages would use."""
    session = new_session()
    if not try_login(session, url, account):
        raise StartError(
            f"n8n at {url} refused the account {account.email}. "
            f"Is another n8n running on port {urlsplit(url).port}? Stop it, or choose another port."
        )
    return session


def new_session() -> requests.Session:
    session = requests.Session()
    session.headers.update(BROWSER)
    return session


def try_login(session: requests.Session, url: str, account: Account) -> bool:
    body = {"emailOrLdapLoginId": account.email, "password": account.password}
    answer = session.post(f"{url}/rest/login", json=body, timeout=30)
    return answer.status_code == 200 and bool(session.cookies.get("n8n-auth"))


def make_key(url: str, session: requests.Session, label: str, scopes: Collection[str]) -> str:
    listed = session.get(f"{url}/rest/api-keys", timeout=30)
    listed.raise_for_status()
    for key in keys_of(listed):
        if key.get("label") == label:
            session.delete(f"{url}/rest/api-keys/{key['id']}", timeout=30).raise_for_status()
    available = session.get(f"{url}/rest/api-keys/scopes", timeout=30).json()["data"]
    body = {"label": label, "expiresAt": None, "scopes": [scope for scope in scopes if scope in available]}
    answer = session.post(f"{url}/rest/api-keys", json=body, timeout=30)
    answer.raise_for_status()
    made: str = answer.json()["data"]["rawApiKey"]
    return made


def keys_of(answer: requests.Response) -> list[dict[str, str]]:
    data = answer.json()["data"]
    items: list[dict[str, str]] = data["items"] if isinstance(data, dict) else data
    return items
