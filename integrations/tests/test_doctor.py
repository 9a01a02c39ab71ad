from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from integrations.domain import Health
from integrations.engines.fake import FakeEngine

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(settings: Any, tmp_path: Path) -> Callable[[], tuple[bool, str]]:
    settings.ENGINES = {"fake": "integrations.engines.fake.FakeEngine"}
    settings.STORAGE_URL = f"file://{tmp_path}/data"
    settings.RUNS_DIR = tmp_path / "runs"

    def ask() -> tuple[bool, str]:
        out = StringIO()
        try:
            call_command("doctor", stdout=out, no_color=True)
        except SystemExit as end:
            return end.code == 0, out.getvalue()
        return True, out.getvalue()

    return ask


def test_the_doctor_finds_a_healthy_hub_healthy(doctor: Callable[[], tuple[bool, str]]) -> None:
    is_well, said = doctor()

    assert is_well, said
    assert [line.split()[1] for line in said.splitlines()] == [
        "database:", "migrations:", "broker:", "vault:", "storage:", "run", "fake:",
    ]  # fmt: skip


def test_the_doctor_says_how_to_mend_an_engine(
    doctor: Callable[[], tuple[bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = Health(is_ok=False, problem="does not answer", fix="Start it.")
    monkeypatch.setattr(FakeEngine, "check", lambda self: sick)

    is_well, said = doctor()

    assert not is_well
    assert "WRONG fake: does not answer. Start it." in said


def test_the_doctor_names_a_folder_that_cannot_be_written(
    doctor: Callable[[], tuple[bool, str]], settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.STORAGE_URL = f"file://{tmp_path}/file/data"

    is_well, said = doctor()

    assert not is_well
    assert "HUB_STORAGE_URL" in said


def test_the_doctor_reaches_for_the_broker(doctor: Callable[[], tuple[bool, str]], monkeypatch: Any) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("refused")

    monkeypatch.setattr("kombu.Connection.ensure_connection", fail)

    is_well, said = doctor()

    assert (is_well, "HUB_BROKER_URL" in said) == (False, True)


def test_the_doctor_tells_of_a_wrong_key_ring(
    doctor: Callable[[], tuple[bool, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise ImproperlyConfigured("The ring is not the one. Put the right key back.")

    monkeypatch.setattr("integrations.vault.canary.check", refuse)

    is_well, said = doctor()

    assert not is_well
    assert "WRONG vault: The ring is not the one. Put the right key back.\n" in said
