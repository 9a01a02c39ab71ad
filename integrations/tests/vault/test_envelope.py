from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.vault import Unreadable, envelope
from integrations.vault.envelope import Place

KEYS = envelope.split(bytes(32))
HERE = Place("t", "credential", "data", "1")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def seal(value: Any, place: Place = HERE) -> str:
    return envelope.seal(value, keys=KEYS, key_id="k1", place=place)


@given(value=values)
def test_what_is_sealed_opens_as_it_was(value: Any) -> None:
    assert envelope.open_sealed(seal(value), keys=KEYS, place=HERE) == value


@given(here=st.tuples(*[st.text(max_size=4)] * 4), there=st.tuples(*[st.text(max_size=4)] * 4))
def test_no_two_places_are_taken_for_one_another(here: tuple[str, ...], there: tuple[str, ...]) -> None:
    sealed = seal("x", Place(*here))

    if here == there:
        assert envelope.open_sealed(sealed, keys=KEYS, place=Place(*there)) == "x"
    else:
        with pytest.raises(Unreadable):
            envelope.open_sealed(sealed, keys=KEYS, place=Place(*there))


def test_the_text_begins_with_the_format_and_the_keys_id() -> None:
    assert seal("x").startswith("1:k1:")
    assert envelope.key_id(seal("x")) == "k1"


def test_the_same_value_never_seals_alike_twice() -> None:
    assert seal("x") != seal("x")


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_changed_bit_is_noticed(at: int, bit: int) -> None:
    head, _, token = seal({"key": "value"}).rpartition(":")
    raw = bytearray(envelope.base64.urlsafe_b64decode(token))
    raw[at % len(raw)] ^= 1 << bit

    with pytest.raises(Unreadable):
        text = envelope.base64.urlsafe_b64encode(raw).decode()
        envelope.open_sealed(f"{head}:{text}", keys=KEYS, place=HERE)


@pytest.mark.parametrize(
    "text", ["", "x", "1:", "1:k1", "1:k1:", "1:k1:!!!", "2:k1:AAAA", "1:k1:AAAA", "::", "ключ:1:2"]
)
def test_text_that_is_not_sealed_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        envelope.open_sealed(text, keys=KEYS, place=HERE)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unreadable):
        envelope.open_sealed(seal("x"), keys=envelope.split(b"1" * 32), place=HERE)


def test_a_key_id_that_was_exchanged_is_noticed() -> None:
    with pytest.raises(Unreadable):
        envelope.open_sealed(seal("x").replace("1:k1:", "1:k2:"), keys=KEYS, place=HERE)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", float("nan")])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        seal(value)


def test_keys_do_not_show_themselves() -> None:
    assert repr(KEYS) == "Keys(…)"
