import base64
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations.vault import keyring

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 251))


@pytest.mark.parametrize("separator", ["=", ":"])
def test_keys_are_read_in_their_order_newest_first(separator: str) -> None:
    ring = keyring.parse([f"k2{separator}{TWO}", f" k1{separator}{ONE} "], "HUB_KEYS")

    assert list(ring.keys) == ["k2", "k1"]
    assert ring.newest == "k2"
    assert ring.keys["k1"] == bytes([1]) * 32


def test_url_safe_base64_is_understood() -> None:
    encoded = base64.urlsafe_b64encode(bytes([251]) * 32).decode()

    assert keyring.parse([f"k={encoded}"], "HUB_KEYS").keys["k"] == bytes([251]) * 32


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "holds no key"),
        (["justakey"], "pairs of id=base64"),
        ([f"=={ONE}"], "pairs of id=base64"),
        ([f"k 1={ONE}"], "pairs of id=base64"),
        (["k1=c2hvcnQ="], "'k1' in HUB_KEYS is not 32 bytes"),
        (["k1=ключ"], "'k1' in HUB_KEYS is not 32 bytes"),
        ([ONE], "pairs of id=base64"),
        ([f"k1={ONE}", f"k1={TWO}"], "two keys called 'k1'"),
    ],
)
def test_a_ring_that_is_wrong_is_refused_in_words_without_a_key(pairs: list[str], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        keyring.parse(pairs, "HUB_KEYS")

    assert ONE not in str(caught.value) and "c2hvcnQ" not in str(caught.value)


def test_the_keys_never_appear_in_the_rings_repr() -> None:
    assert ONE not in repr(keyring.parse([f"k={ONE}"], "HUB_KEYS"))
    assert "\\x01" not in repr(keyring.parse([f"k={ONE}"], "HUB_KEYS"))


def test_a_file_holds_one_pair_a_line(tmp_path: Path, settings: object) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# newest first\nk2={TWO}\n\nk1:{ONE}\n")
    file.chmod(0o600)
    settings.KEYS_FILE = str(file)  # type: ignore[attr-defined]

    assert list(keyring.ring().keys) == ["k2", "k1"]


def test_a_file_that_others_can_read_is_advised_against(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"k={ONE}\n")
    file.chmod(0o644)

    assert "chmod 600" in keyring.advice(str(file))
    file.chmod(0o600)
    assert keyring.advice(str(file)) == ""


def test_a_file_that_is_not_there_is_named(settings: object) -> None:
    settings.KEYS_FILE = "/nowhere/keys"  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match="/nowhere/keys"):
        keyring.ring()


def test_a_command_prints_the_ring(settings: object) -> None:
    settings.KEYS_COMMAND = f"printf '%s\\n' '# a comment' k2={TWO} k1={ONE}"  # type: ignore[attr-defined]
    settings.KEYS = f"other={ONE}"  # type: ignore[attr-defined]

    assert list(keyring.ring().keys) == ["k2", "k1"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/nowhere/keys --now", "names /nowhere/keys, which cannot be run"),
        ("printf 'hunter2", "a quotation mark is not closed"),
        ("sh -c 'echo hunter2; echo hunter2 >&2; exit 3'", "exit code 3"),
        ("echo hunter2", "pairs of id=base64"),
        ("echo hunter2=hunter2", "A key in HUB_KEYS_COMMAND is not 32 bytes"),
        ("printf '\\377'", "printed no text"),
        ("true", "holds no key"),
        ("echo $HOME; echo k=$(id)", "pairs of id=base64"),
    ],
)
def test_a_command_that_fails_says_why_without_what_it_printed(
    settings: object, capfd: pytest.CaptureFixture[str], command: str, words: str
) -> None:
    settings.KEYS_COMMAND = command  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        keyring.ring()

    assert "hunter2" not in str(caught.value) + "".join(capfd.readouterr())


def test_a_command_that_hangs_is_ended_with_all_it_started(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "COMMAND_SECONDS", 0.2)
    settings.KEYS_COMMAND = "sh -c 'sleep 600 & sleep 600'"  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match="did not end within"):
        keyring.ring()


def test_a_source_that_fails_later_leaves_the_ring_as_it_was(
    settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keyring, "REREAD_SECONDS", 0)
    file = tmp_path / "keys"
    file.write_text(f"k1={ONE}")
    settings.KEYS_COMMAND = f"{sys.executable} -c 'print(open(\"{file}\").read())'"  # type: ignore[attr-defined]
    keyring.ring()
    file.unlink()

    assert keyring.find("k2") is None
    assert keyring.find("k1") is not None
