"""What n8n holds for a deployment: made, brought up to date, found again after a crash, removed."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from integrations.domain import EngineError, Json, Plan, Ref
from integrations.engines.n8n.adaptation import Reference, adapt, fingerprint, path_of
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.credentials import N8nCredential, translate

PATIENCE_SECONDS = 20
NAME_CHARACTERS = 90


@dataclass(slots=True)
class Provisioning:
    """One `provision` call, with what it made so far, so that a failure can take it back."""

    client: Client
    plan: Plan
    undo: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def run(self) -> Ref:
        try:
            return self._provision()
        except EngineError as error:
            raise self._taken_back(error) from None

    def _provision(self) -> Ref:
        hook = Reference(id_of(self.plan.key, "token"), self._named("token"))
        self._put_credential(hook, "httpHeaderAuth", {"name": "X-Hub-Token", "value": self.plan.hook_token})
        credential = translate(self.plan.credential_map, self.plan.credential)
        reference = self._put_service_credential(credential)
        ref = self._put_workflow(hook, credential, reference)
        used = {hook.id} | ({reference.id} if reference else set())
        for stale in set(self.plan.ref.get("credentials", [])) - used:
            remove_credential(self.client, stale)
        return {"key": self.plan.key, **ref, "credentials": sorted(used)}

    def credential_alone(self) -> Ref:
        """Make the plan's credential and no workflow; the ref says how a node names it."""
        try:
            credential = translate(self.plan.credential_map, self.plan.credential)
            reference = self._put_service_credential(credential)
        except EngineError as error:
            raise self._taken_back(error) from None
        given = {"type": credential.type, "id": reference.id, "name": reference.name} if reference else None
        used = [reference.id] if reference else []
        for stale in set(self.plan.ref.get("credentials", [])) - set(used):
            remove_credential(self.client, stale)
        return {
            "key": self.plan.key,
            "credentials": used,
            "credential": given,
            "parameters": credential.node_parameters,
        }

    def _put_service_credential(self, credential: N8nCredential) -> Reference | None:
        if not credential.type:
            return None
        reference = Reference(id_of(self.plan.key, "credential"), self._named("credential"))
        self._put_credential(reference, credential.type, credential.data)
        return reference

    def _put_credential(self, reference: Reference, kind: str, data: Json) -> None:
        """Create it under our own id, or bring the one of that id up to date."""
        body = {"name": reference.name, "type": kind, "data": data}
        # All of it at once: a PATCH of parts leaves an OAuth token as it was.
        is_known = reference.id in self.plan.ref.get("credentials", [])
        if is_known and self.client.api("PATCH", f"/credentials/{reference.id}", body, allow=(404,)).status != 404:
            return
        answer = self.client.api("POST", "/credentials", {"id": reference.id, **body}, allow=(409,))
        if answer.status == 409:
            self.client.api("PATCH", f"/credentials/{reference.id}", body)
        else:
            self.undo.append((f"credential {reference.id}", lambda: remove_credential(self.client, reference.id)))

    def _put_workflow(self, hook: Reference, credential: N8nCredential, reference: Reference | None) -> Ref:
        found = self._find_workflow()
        path = (path_of(found) if found else None) or str(uuid.uuid4())
        workflow = adapt(
            self.plan.template, name=self._named(), path=path, hook=hook, credential=credential, reference=reference
        )
        mark = fingerprint(workflow)
        if found is None:
            workflow_id = self._create(workflow)
        else:
            workflow_id = found["id"]
            is_same = self.plan.ref.get("fingerprint") == mark and found.get("active")
            if is_same and self.client.is_hook_registered(path):
                # Only its credentials changed: runs that start at this moment must find the hook.
                return {"workflow": workflow_id, "path": path, "fingerprint": mark}
            if not is_same:
                self.client.api("PUT", f"/workflows/{workflow_id}", workflow)
        self.client.api("POST", f"/workflows/{workflow_id}/publish")
        self._await_hook(path)
        return {"workflow": workflow_id, "path": path, "fingerprint": mark}

    def _find_workflow(self) -> Json | None:
        """Find ours by its id, or after a crash by the mark in its name."""
        if known := self.plan.ref.get("workflow"):
            answer = self.client.api("GET", f"/workflows/{known}", allow=(404,))
            return answer.body if answer.status == 200 and not answer.body.get("isArchived") else None
        return next(iter(marked(self.client, self.plan.key)), None)

    def _create(self, workflow: Json) -> str:
        made = str(self.client.api("POST", "/workflows", workflow).body["id"])
        self.undo.append((f"workflow {made}", lambda: remove_workflow(self.client, made)))
        return made

    def _await_hook(self, path: str) -> None:
        """Publishing is asynchronous: the webhook answers 404 for a while after n8n said that it is active."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = 0.02
        while not self.client.is_hook_registered(path):
            if time.monotonic() > deadline:
                raise EngineError(
                    f"n8n published the workflow, yet did not register its webhook within {PATIENCE_SECONDS} s.",
                    retryable=True,
                    code="n8n_refused",
                    fix="Look at n8n's log; it may be overloaded.",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def _taken_back(self, error: EngineError) -> EngineError:
        """Remove what this call made, newest first, and say what is left, if anything."""
        left = [what for what, remove in reversed(self.undo) if not _is_done(remove)]
        failure = error.failure
        ending = ""
        if self.undo:
            ending = (
                f" Left in n8n until the next try: {', '.join(left)}." if left else " Nothing of it was left in n8n."
            )
        message = _without(self.plan.credential, failure.message) + ending
        return EngineError(
            message,
            retryable=failure.retryable,
            code=failure.code,
            origin=failure.origin,
            fix=failure.fix,
            step="provision",
            detail=failure.detail,
        )

    def _named(self, what: str = "") -> str:
        return " ".join(
            part for part in (self.plan.name[:NAME_CHARACTERS], what, f"[{mark_of(self.plan.key)}]") if part
        )


def deprovision(client: Client, ref: Ref) -> None:
    """Remove what the ref names, and what a provisioning made for its key that nobody could write down."""
    key = ref["key"]
    known = ref.get("workflow")
    for workflow in [known] if known else [flow["id"] for flow in marked(client, key)]:
        remove_workflow(client, workflow)
    for credential in {*ref.get("credentials", []), id_of(key, "token"), id_of(key, "credential")}:
        remove_credential(client, credential)


def marked(client: Client, key: str) -> list[Json]:
    """Find a deployment's workflows by the mark in their names."""
    mark = f"[{mark_of(key)}]"
    answer = client.api("GET", f"/workflows?name={quote(mark)}&limit=50")
    return [flow for flow in answer.body.get("data", []) if mark in flow.get("name", "") and not flow.get("isArchived")]


def remove_workflow(client: Client, workflow_id: str) -> None:
    """Unpublish and delete; n8n refuses the deletion while the unpublishing goes on."""
    client.api("POST", f"/workflows/{workflow_id}/unpublish", allow=(400, 404, 409))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while client.api("DELETE", f"/workflows/{workflow_id}", allow=(404, 409)).status == 409:
        if time.monotonic() > deadline:
            raise EngineError(
                f"n8n still refuses to delete workflow {workflow_id}.",
                retryable=True,
                code="n8n_refused",
                fix="Try again.",
            )
        time.sleep(0.1)


def remove_credential(client: Client, credential_id: str) -> None:
    client.api("DELETE", f"/credentials/{credential_id}", allow=(404,))


def mark_of(key: str) -> str:
    """Name a deployment so that its workflow is found again by its name."""
    return "hub " + hashlib.sha256(key.encode()).hexdigest()[:16]


def id_of(key: str, what: str) -> str:
    """Choose a credential's id: n8n takes at most 16 characters of this alphabet."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{key}:{what}".encode()).digest()).decode()[:16]


def _is_done(remove: Callable[[], None]) -> bool:
    try:
        remove()
    except EngineError:
        return False
    return True


def _without(credential: Json, text: str) -> str:
    """Take every value of the credential out of a text that n8n wrote."""
    for value in _strings(credential):
        if len(value) > 3:
            text = text.replace(value, "•••")
    return text


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    return [value] if isinstance(value, str) else []
