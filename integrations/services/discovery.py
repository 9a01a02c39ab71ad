"""Finds what the connected n8n can do, and keeps the catalogue up with it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import structlog
from django.conf import settings

from connectors.discovery import descriptions, drafts, rows, signing, workflows
from connectors.discovery.descriptions import REFUSED, Node
from connectors.discovery.rows import Report
from connectors.discovery.signing import Type
from connectors.discovery.store import Store
from connectors.discovery.workflows import Unfit
from connectors.models import Connector
from integrations.domain import EngineError, Json
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.session import Session, loads

log = structlog.get_logger(__name__)

Advance = Callable[[int, int], None]
"""Is told how many of how many nodes are done."""
_ICON_BYTES = 96 * 1024
_ICON_KINDS = ("image/svg+xml", "image/png")
_MOST_FAILURES = 3
"""Icons are a kindness: after so many that did not come, none is asked for any more."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one n8n says of itself."""

    version: str
    nodes: Mapping[str, Node] = field(repr=False)
    types: Mapping[str, Type] = field(repr=False)


@dataclass(slots=True)
class Icons:
    """Fetches icons, each once."""

    session: Session
    found: dict[str, str] = field(default_factory=dict)
    failures: int = 0

    def logo(self, path: str) -> str:
        """An SVG's text, or a PNG as a data URL; empty when there is none."""
        if path and path not in self.found and self.failures < _MOST_FAILURES:
            self.found[path] = self._fetched(path)
        return self.found.get(path, "")

    def _fetched(self, path: str) -> str:
        try:
            kind, content = self.session.icon(path)
        except EngineError as error:
            self.failures += 1
            log.info("icon_not_fetched", icon=path, reason=str(error))
            return ""
        if kind not in _ICON_KINDS or len(content) > _ICON_BYTES:
            return ""
        if kind == "image/png":
            return f"data:image/png;base64,{base64.b64encode(content).decode()}"
        return content.decode("utf-8", "replace").replace("\x00", "")


def discover_nodes(*, is_draft: bool = False, is_fresh: bool = False, advance: Advance | None = None) -> Report:
    """Make connectors of the connected n8n's nodes.

    `is_fresh` reads the descriptions again although they are known for this version of n8n: for nodes installed since.
    Raises `EngineError`, or `store.UnderWay` when another discovery has not ended.
    """
    store, session = Store(Path(settings.VAR_DIR) / "n8n-types"), connected()
    with store.alone():
        known = read(store, session, is_fresh=is_fresh)
        status = Connector.Status.DRAFT if is_draft else Connector.Status.PUBLISHED
        return _put_all(known, Icons(session), status, advance)


def discover_workflows() -> Report:
    """Make draft connectors of the workflows that people built in the connected n8n, as far as its API key sees them.

    Raises `EngineError`, or `store.UnderWay` when another discovery has not ended.
    """
    store, report, present = Store(Path(settings.VAR_DIR) / "n8n-types"), Report(), set[str]()
    with store.alone():
        types = read(store, connected()).types
        for workflow in _workflows(Client(settings.N8N_URL, settings.N8N_API_KEY)):
            try:
                draft = workflows.draft(workflow, types)
            except Unfit as reason:
                report.unfit[str(workflow.get("name"))] = str(reason)
                continue
            rows.put_workflow(draft, report)
            present.add(draft.slug)
        rows.hide_missing(present, report, Connector.Source.WORKFLOW)
    return report


def _workflows(client: Client) -> Iterator[Json]:
    cursor = ""
    while True:
        page = client.api("GET", f"/workflows?limit=100{f'&cursor={quote(cursor)}' if cursor else ''}").body
        for workflow in page.get("data") or ():
            if not workflow.get("isArchived") and not workflows.is_ours(workflow):
                yield workflow
        cursor = page.get("nextCursor") or ""
        if not cursor:
            return


def read(store: Store, session: Session, *, is_fresh: bool = False) -> Known:
    """The descriptions of the connected n8n, from what is kept of its version if anything is."""
    version = Client(settings.N8N_URL, settings.N8N_API_KEY).version()
    files = {what: store.file(version, what) for what in ("nodes", "credentials")}
    for what, file in files.items():
        if is_fresh or not version or not file.exists():
            session.download(what, file)
    found = descriptions.current(descriptions.each(files["nodes"].read_text(encoding="utf-8")))
    return Known(version, found, signing.types(loads(files["credentials"])))


def connected() -> Session:
    return Session(settings.N8N_URL, settings.N8N_EMAIL, settings.N8N_PASSWORD)


def refused() -> frozenset[str]:
    """Nodes that are left out: those that reach into n8n's own machine, unless settings allow them by name."""
    return REFUSED - frozenset(settings.N8N_NODES_ALLOW)


def _put_all(known: Known, icons: Icons, status: str, advance: Advance | None) -> Report:
    report, present = Report(), set[str]()
    total = sum(node.is_service for node in known.nodes.values())
    for place, draft in drafts.drafts(known.nodes, known.types, refused()):
        rows.put(draft, report, logo=icons.logo(draft.icon), status=status)
        present.add(draft.slug)
        if advance:
            advance(place, total)
    rows.hide_missing(present, report)
    return report
