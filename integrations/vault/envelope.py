"""Seal a value to the place where it stands: django_cryptography's cipher, with associated data under the MAC."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django_cryptography.core.signing import BadSignature, FernetSigner
from django_cryptography.utils.crypto import FernetBytes, InvalidToken

from integrations.vault import Unreadable

FORMAT = "1"


class Place(NamedTuple):
    """Where a sealed value stands; it opens nowhere else. The vault's own values have no tenant ("")."""

    tenant: str
    table: str
    column: str
    row: str


class Keys(NamedTuple):
    """The two halves that `split` makes of a key."""

    cipher: bytes
    signer: bytes

    def __repr__(self) -> str:
        return "Keys(…)"


class PlaceSigner(FernetSigner):
    """Signs length-prefixed associated data along with the value, so that no two places share a signature."""

    def __init__(self, key: bytes, parts: tuple[str, ...]) -> None:
        super().__init__(key=key)
        encoded = [part.encode() for part in parts]
        prefix = b"".join(struct.pack(">I", len(part)) + part for part in encoded)
        self._prefix = struct.pack(">I", len(encoded)) + prefix

    def signature(self, value: bytes | str) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        signed: bytes = super().signature(self._prefix + raw)
        return signed


def split(key: bytes) -> Keys:
    """Derive the cipher's and the signer's key from one of 32 bytes."""
    derived = HKDF(algorithm=hashes.SHA256(), length=64, salt=None, info=b"hub vault").derive(key)
    return Keys(derived[:32], derived[32:])


def seal(value: Any, *, keys: Keys, key_id: str, place: Place) -> str:
    """Return `format:key id:base64`. Raises TypeError or ValueError for a value that JSON does not know."""
    payload = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    token = _cipher(keys, key_id, place).encrypt(payload)
    return f"{FORMAT}:{key_id}:{base64.urlsafe_b64encode(token).decode()}"


def open_sealed(sealed: str, *, keys: Keys, place: Place) -> Any:
    """Return what was sealed at this place. Raises `Unreadable`."""
    name = key_id(sealed)
    if not name:
        raise Unreadable("The value is not sealed in a format that this hub knows.")
    try:
        token = base64.urlsafe_b64decode(sealed.split(":", 2)[2])
        return json.loads(_cipher(keys, name, place).decrypt(token))
    except (BadSignature, InvalidToken, ValueError) as error:
        raise Unreadable("The value was not sealed with this key at this place, or was altered.") from error


def key_id(sealed: str) -> str:
    """The id of the key that sealed it; "" for text that is not sealed in a format we know."""
    version, _, rest = sealed.partition(":")
    name, separator, _ = rest.partition(":")
    return name if version == FORMAT and separator else ""


def _cipher(keys: Keys, name: str, place: Place) -> FernetBytes:
    return FernetBytes(keys.cipher, PlaceSigner(keys.signer, (FORMAT, name, *place)))
