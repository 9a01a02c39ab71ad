import base64
import html
import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.masking import MASK, Mask

SECRET = 'pa/ss+wörd "q" <&>'


def spelled(secret: str) -> list[str]:
    raw = secret.encode()
    return [
        secret,
        quote(secret),
        quote(secret, safe="").lower() if secret.isascii() else quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        html.escape(secret),
        repr(secret)[1:-1],
    ]


@pytest.mark.parametrize("spelling", spelled(SECRET))
def test_a_secret_is_taken_out_however_it_is_spelled(spelling: str) -> None:
    assert Mask([SECRET]).text(f"key={spelling}; end") == f"key={MASK}; end"


@given(
    secret=st.text("abcXYZ019/+=&%é \"'\\", min_size=4, max_size=20),
    before=st.text(max_size=5),
    after=st.text(max_size=5),
)
def test_no_spelling_of_any_secret_stays(secret: str, before: str, after: str) -> None:
    mask = Mask([secret])

    for spelling in {
        secret,
        quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode(),
        json.dumps(secret)[1:-1],
    }:
        assert spelling not in mask.text(f"{before}|{spelling}|{after}")


@pytest.mark.parametrize("user", ["", "a", "al", "ali", "alice@example.com"])
def test_a_password_is_taken_out_of_a_basic_header(user: str) -> None:
    header = base64.b64encode(f"{user}:s3cr3t-password".encode()).decode()

    masked = Mask(["s3cr3t-password"]).text(f"Authorization: Basic {header}")

    assert MASK in masked
    assert b"cr3t-passwor" not in base64.b64decode(masked.partition("Basic ")[2].replace(MASK, "AAAA") + "===")


def test_short_secrets_are_left_alone() -> None:
    assert Mask(["abc", "", "  "]).text("abc and nothing") == "abc and nothing"


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Mask(["token", "token-of-acme"]).text("token-of-acme, token") == f"{MASK}, {MASK}"


def test_lines_of_a_key_are_taken_out_of_logs_read_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"

    mask = Mask([key])

    assert mask.text("read MIIEvQIBADANBg ok") == f"read {MASK} ok"
    assert mask.text("-----BEGIN KEY-----") == "-----BEGIN KEY-----"
    assert mask.text(json.dumps({"key": key})) == json.dumps({"key": MASK}, ensure_ascii=False)


def test_json_is_masked_at_every_depth_keys_included() -> None:
    value = {"a": ["x secret-1", {"secret-1": None, "n": 1, "ok": True}], "t": ("secret-1",), "f": 1.5}

    masked = Mask(["secret-1"]).json(value)

    assert masked == {"a": [f"x {MASK}", {MASK: None, "n": 1, "ok": True}], "t": [MASK], "f": 1.5}
    assert value["t"] == ("secret-1",)


def test_without_secrets_nothing_changes() -> None:
    mask = Mask(())

    assert mask.text("a.*b") == "a.*b"
    assert mask.json({"a": [1]}) == {"a": [1]}


def test_a_secret_is_no_pattern() -> None:
    assert Mask(["a.*b"]).text("aXXb a.*b") == f"aXXb {MASK}"


def test_a_mask_does_not_show_what_it_knows(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%r", Mask(["secret-1"]))

    assert "secret-1" not in caplog.text
