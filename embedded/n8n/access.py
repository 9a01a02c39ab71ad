"""Login and API key of an embedded n8n, without a browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import requests

from embedded.n8n.owner import Owner, write_private
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
    "credential:list",
    "execution:read",
    "execution:list",
    "execution:delete",
    "execution:stop",
)


def api_key(url: str, folder: Path, label: str = LABEL) -> str:
    """Return a key n8n accepts: the one kept in `folder`, or a new one kept there when it is refused.

    A new key takes the place of the one with the same label.
    """
    path = folder / "api-key"
    kept = path.read_text().strip() if path.exists() else ""
    if kept and is_accepted(url, kept):
        return kept
    made = make_key(url, login(url, Owner.of(folder)), label)
    write_private(path, made)
    return made


def is_accepted(url: str, key: str) -> bool:
    answer = requests.get(f"{url}/api/v1/workflows?limit=1", headers={"X-N8N-API-KEY": key}, timeout=30)
    if answer.status_code in (401, 403):
        return False
    answer.raise_for_status()
    return True


def login(url: str, owner: Owner) -> requests.Session:
    """Log the owner in and return the session that n8n's own pages would use."""
    session = requests.Session()
    session.headers.update(BROWSER)
    body = {"emailOrLdapLoginId": owner.email, "password": owner.password}
    answer = session.post(f"{url}/rest/login", json=body, timeout=30)
    if answer.status_code != 200 or not session.cookies.get("n8n-auth"):
        raise StartError(
            f"n8n at {url} refused its owner {owner.email} (HTTP {answer.status_code}). "
            f"Is another n8n running on port {urlsplit(url).port}? Stop it, or choose another port."
        )
    return session


def make_key(url: str, session: requests.Session, label: str) -> str:
    listed = session.get(f"{url}/rest/api-keys", timeout=30)
    listed.raise_for_status()
    for key in keys_of(listed):
        if key.get("label") == label:
            session.delete(f"{url}/rest/api-keys/{key['id']}", timeout=30).raise_for_status()
    available = session.get(f"{url}/rest/api-keys/scopes", timeout=30).json()["data"]
    body = {"label": label, "expiresAt": None, "scopes": [scope for scope in SCOPES if scope in available]}
    answer = session.post(f"{url}/rest/api-keys", json=body, timeout=30)
    answer.raise_for_status()
    made: str = answer.json()["data"]["rawApiKey"]
    return made


def keys_of(answer: requests.Response) -> list[dict[str, str]]:
    data = answer.json()["data"]
    items: list[dict[str, str]] = data["items"] if isinstance(data, dict) else data
    return items
