"""What every connector's folder must keep, built in or not: the suite that CI runs and authors run at their desk."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from connectors import folders, schemas
from connectors.manifest import CONNECTOR, LOGO, README, TRIGGER, WORKFLOW, Broken, Json, Manifest, Problem

Check = Callable[[Path, Manifest], Iterator[Problem]]
README_CHARACTERS = 200
_TRIGGERS = ("n8n-nodes-base.webhook", "n8n-nodes-base.manualTrigger", "n8n-nodes-base.executeWorkflowTrigger")
_OUTPUT = "Hub Output"
# Long tokens as services issue them, keys in PEM, and an Authorization value that is written out.
_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:sk|pk|rk)_(?:live|test)_\w{8,}|\bgh[pousr]_\w{20,}|\bxox[abpr]-[\w-]{10,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w-]{10,}\.|\b(?:Bearer|Basic) [A-Za-z0-9+/=._-]{16,}"
)


def problems(folder: Path) -> list[Problem]:
    """Everything that is wrong with a folder; empty when it may join the catalogue."""
    try:
        manifest = folders.read(folder)
    except Broken as error:
        return list(error.problems)
    return [problem for check in CHECKS.values() for problem in check(folder, manifest)]


def fields_are_explained(_: Path, manifest: Manifest) -> Iterator[Problem]:
    for name, schema in manifest.schema.items():
        for path, declarations in _by_path(schema).items():
            for word in ("title", "description"):
                if not _is_choice(declarations) and not any(part.get(word) for part in declarations):
                    yield Problem(CONNECTOR, schemas.below("/schema", name, *path), f"The field has no {word}.")


def choices_are_titled(_: Path, manifest: Manifest) -> Iterator[Problem]:
    for name, schema in manifest.schema.items():
        for path, field in [((), schema), *schemas.fields(schema)]:
            options = [part for branch in schemas.branches(field) for part in branch.get("oneOf", ())]
            if not all("title" in option for option in options):
                yield Problem(CONNECTOR, schemas.below("/schema", name, *path), "An option of oneOf has no title.")


def defaults_and_examples_are_valid(_: Path, manifest: Manifest) -> Iterator[Problem]:
    for name, schema in manifest.schema.items():
        for path, field in schemas.fields(schema):
            at = schemas.below("/schema", name, *path)
            given = [("default", field["default"])] if "default" in field else []
            given += [("example", example) for example in field.get("examples", ())]
            for word, value in given:
                for error in schemas.validate(field, _filled(field, value)):
                    yield Problem(CONNECTOR, at, f"The {word} is not valid: {error.pointer} {error.detail}".strip())


def the_logo_is_drawn(_: Path, manifest: Manifest) -> Iterator[Problem]:
    # That it runs and fetches nothing was settled when the folder was read.
    if not manifest.logo:
        yield Problem(LOGO, "", "It is missing: draw a simple SVG of your own, without a service's trademark.")
    elif "viewBox" not in manifest.logo:
        yield Problem(LOGO, "", "It has no viewBox: it could not be shown at another size.")


def the_readme_says_something(_: Path, manifest: Manifest) -> Iterator[Problem]:
    text = manifest.readme.strip()
    if not text.startswith("# "):
        yield Problem(README, "", "It does not begin with a heading: # and the connector's name.")
    elif len(text) < README_CHARACTERS:
        yield Problem(README, "", "It is too short: say what the connector brings, its settings and its limits.")


def it_has_a_category(_: Path, manifest: Manifest) -> Iterator[Problem]:
    if not manifest.categories:
        yield Problem(CONNECTOR, "/categories", "Give at least one: it is how the connector is found.")
    if not manifest.description:
        yield Problem(CONNECTOR, "/description", "Give one: what the connector does, in a few sentences.")


def the_workflow_has_one_trigger(_: Path, manifest: Manifest) -> Iterator[Problem]:
    if manifest.type != "n8n":
        return
    nodes = manifest.template["nodes"]
    for index, node in enumerate(nodes):
        kind, at = str(node.get("type", "")), f"/nodes/{index}"
        if node.get("name") == TRIGGER and kind not in _TRIGGERS:
            yield Problem(WORKFLOW, at, f"{TRIGGER} is no trigger that the hub can replace: make it a manual trigger.")
        elif node.get("name") != TRIGGER and (kind in _TRIGGERS or kind.endswith("Trigger")):
            yield Problem(WORKFLOW, at, f"Only {TRIGGER} starts the workflow: remove this trigger.")
    if manifest.template.get("connections", {}).get(TRIGGER) is None:
        yield Problem(WORKFLOW, "/connections", f"Nothing is connected to {TRIGGER}: the workflow would do nothing.")
    if [node.get("name") for node in nodes].count(_OUTPUT) > 1:
        yield Problem(WORKFLOW, "/nodes", f"Two nodes are named {_OUTPUT}: the rows come from one.")


def the_workflow_holds_no_secret(_: Path, manifest: Manifest) -> Iterator[Problem]:
    for key in ("pinData", "staticData"):
        if manifest.template.get(key):
            yield Problem(WORKFLOW, f"/{key}", "It holds data of somebody's executions: remove it.")
    for index, node in enumerate(manifest.template.get("nodes", ())):
        for kind, reference in (node.get("credentials") or {}).items():
            if reference != {}:
                where = f"/nodes/{index}/credentials/{kind}"
                yield Problem(
                    WORKFLOW, where, 'It names a credential of somebody\'s n8n: write "credentials": {"hub": {}}.'
                )
    for pointer, text in _strings(manifest.template, ""):
        if _SECRETS.search(text):
            yield Problem(WORKFLOW, pointer, "This looks like a secret: take it from the credential instead.")


def the_job_compiles(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    for file in manifest.spark.files if manifest.spark else ():
        if file.endswith(".py"):
            yield from _compiles(folder / file, file)
        elif file.endswith(".sql") and not (folder / file).read_text(encoding="utf-8").strip():
            yield Problem(file, "", "It is empty.")


def a_credential_is_only_mapped_if_there_is_one(_: Path, manifest: Manifest) -> Iterator[Problem]:
    has_fields = schemas.has_fields(manifest.schema["credential"])
    if manifest.n8n_credentials and not has_fields:
        yield Problem(CONNECTOR, "/n8n/credential", "It maps a credential, but the credential's schema has no fields.")
    if manifest.type == "n8n" and has_fields and not manifest.n8n_credentials:
        yield Problem(CONNECTOR, "/n8n/credential", "It is missing: say which of n8n's credentials ours becomes.")


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        fields_are_explained,
        choices_are_titled,
        defaults_and_examples_are_valid,
        the_logo_is_drawn,
        the_readme_says_something,
        it_has_a_category,
        the_workflow_has_one_trigger,
        the_workflow_holds_no_secret,
        the_job_compiles,
        a_credential_is_only_mapped_if_there_is_one,
    )
}


def _by_path(schema: Json) -> dict[tuple[str, ...], list[Json]]:
    """Declarations of the same field together: a condition may demand what its parent explains."""
    found: dict[tuple[str, ...], list[Json]] = {}
    for path, field in schemas.fields(schema):
        if path[-1] != "*":
            found.setdefault(path, []).append(field)
    return found


def _is_choice(declarations: list[Json]) -> bool:
    """A discriminator explains itself by the titles of its options."""
    return all(schemas.constant(part) for part in declarations)


def _filled(field: Json, value: Any) -> Any:
    return schemas.defaults(field, value) if isinstance(value, dict) else value


def _compiles(path: Path, file: str) -> Iterator[Problem]:
    try:
        ast.parse(path.read_text(encoding="utf-8"), filename=file)
    except (SyntaxError, ValueError) as error:
        yield Problem(file, "", f"It is no Python: {error}.")


def _strings(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, schemas.below(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, schemas.below(pointer, index))
