import os
from pathlib import Path
from typing import Any

import pytest

from integrations.external import files, references
from integrations.external.references import Unresolved


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text("planted")
    settings.SECRETS_DIR = str(folder)
    return folder


def put(path: Path, content: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return f"file://{path}"


def refused(text: str) -> str:
    with pytest.raises(Unresolved) as caught:
        references.read(text, "acme")
    assert "planted" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("content", ["läßt", "läßt\n", "läßt\r\n"])
def test_a_file_is_read_without_its_last_line_end(folder: Path, content: str) -> None:
    assert references.read(put(folder / "deep" / "a file", content), "acme") == "läßt"


def test_a_value_of_a_json_file_is_read_by_its_key(folder: Path) -> None:
    text = put(folder / "db.json", '{"password": "one", "port": 5432, "a/b #": "two", "no": null, "deep": {}}')

    assert references.read(f"{text}#password", "acme") == "one"
    assert references.read(f"{text}#port", "acme") == "5432"
    assert references.read(f"{text}#a/b%20%23", "acme") == "two"
    for key in ("no", "deep", "nothing"):
        assert "no text at that key" in refused(f"{text}#{key}")


def test_without_a_folder_it_is_switched_off(settings: Any) -> None:
    assert settings.SECRETS_DIR == ""
    assert "HUB_SECRETS_DIR" in references.problem("file:///etc/passwd", "acme")
    assert "HUB_SECRETS_DIR" in refused("file:///etc/passwd")


@pytest.mark.parametrize(
    "path",
    ["{root}/outside", "{root}/secrets/../outside", "{root}/secrets/%2e%2e/outside", "{root}/secrets", "/", "relative",
     "{root}/secrets/x/../../outside", "{root}/secretsX", "/proc/self/environ", "{root}/secrets/a%00b", "//host/x",
     "{root}/secrets/..%2foutside", "localhost{root}/secrets/fine"],
)  # fmt: skip
def test_nothing_outside_the_folder_can_be_named(folder: Path, path: str) -> None:
    put(folder / "fine", "fine")
    text = "file://" + path.format(root=folder.parent)

    assert "Only files below" in references.problem(text, "acme")
    assert "Only files below" in refused(text)


def test_links_may_lead_about_inside_but_not_out(folder: Path) -> None:
    put(folder / "..data" / "key", "fine")
    (folder / "key").symlink_to("..data/key")
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "up").symlink_to(folder.parent)
    (folder / "round").symlink_to(folder / "round")

    assert references.read(f"file://{folder}/key", "acme") == "fine"
    assert "leads out" in refused(f"file://{folder}/out")
    assert "leads out" in refused(f"file://{folder}/up/outside")
    assert "no such file" in refused(f"file://{folder}/round")


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path, settings: Any) -> None:
    put(folder / "key", "fine")
    (tmp_path / "link").symlink_to(folder)
    settings.SECRETS_DIR = str(tmp_path / "link")

    assert references.read(f"file://{tmp_path}/link/key", "acme") == "fine"


def test_what_is_no_small_text_file_is_refused_at_once(folder: Path, monkeypatch: Any) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    monkeypatch.setattr(files, "MOST_BYTES", 10)

    assert "no file" in refused(f"file://{folder}/pipe")
    assert "no file" in refused(f"file://{folder}/folder")
    assert "larger than" in refused(put(folder / "large", "planted" * 2))
    assert "no text" in refused(put(folder / "binary", b"\xff\xfe"))
    assert "no JSON" in refused(put(folder / "plain", "planted") + "#key")
    assert "empty" in refused(put(folder / "empty", "\n"))


def test_each_tenant_may_have_a_folder_of_its_own(folder: Path, settings: Any) -> None:
    settings.SECRETS_DIR = f"{folder}/{{tenant}}"
    text = put(folder / "acme" / "key", "fine")

    assert references.read(text, "acme") == "fine"
    assert references.problem(text, "globex")
    assert references.problem(f"file://{folder}/acme/../acme/key", "acme")
