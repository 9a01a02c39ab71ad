"""The way to a typed client that docs/api-client.md shows, gone to its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from integrations.testing import fake_connector
from integrations.tests.api.conftest import api_of

DOCS = Path(settings.BASE_DIR) / "docs"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
HUB, TOKEN = "http://127.0.0.1:8000", "hub_..."


def shown(language: str) -> str:
    [text] = [text for kind, text in BLOCK.findall((DOCS / "api-client.md").read_text()) if kind == language]
    return re.sub(r"^ {3}", "", text, flags=re.MULTILINE)


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("transactional_db", "bells")
def test_a_client_is_generated_without_a_warning_and_calls_a_living_hub(
    live_server: Any, alice: Any, tmp_path: Path
) -> None:
    fake_connector()
    api = api_of(alice)
    made = api.post("integrations/", {"connector": "fake", "name": "Flights", "config": {}}).json()
    token = api._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    tool, *rest = shown("sh").replace(HUB, live_server.url).replace("docs/client.yml", str(DOCS / "client.yml")).split()

    run([str(Path(sys.executable).with_name(tool)), *rest, "--fail-on-warning"], tmp_path)
    script = shown("python").replace(HUB, live_server.url).replace(TOKEN, token)
    told = run([sys.executable, "-c", script], tmp_path, PYTHONPATH=str(tmp_path / "client"))

    assert told.startswith("Flights queued 20")
    assert [each["integration"] for each in api.get("runs/").json()["results"]] == [made["id"]]
