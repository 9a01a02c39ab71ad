"""Seal a value to the place where it stands: django_cryptography's cipher, with associated data under the MAC."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django_cryptography.core.signing import BadSignature, FernetSigner
from django_cryptography.utils.crypto import FernetBytes, InvalidToken

from integrations.vault import Unreadable

FORMAT = "1"


class PlaceSigner(FernetSigner):  # type: ignore[misc]
    """Signs length-prefixed associated data along with the value, so that no two places share a signature."""

    def __init__(self, key: bytes, place: tuple[str, ...]) -> None:
        super().__init__(key=key)
        parts = [part.encode() for part in place]
        self._prefix = b"".join(struct.pack(">I", len(part)) + part for part in parts)

    def signature(self, value: bytes | str) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        signed: bytes = super().signature(struct.pack(">I", len(self._prefix)) + self._prefix + raw)
        return signed


def split(key: bytes) -> tuple[bytes, bytes]:
    """Derive the cipher's and the signer's key from one of 32 bytes."""
    derived = HKDF(algorithm=hashes.SHA256(), length=64, salt=None, info=b"hub vault").derive(key)
    return derived[:32], derived[32:]


def seal(value: Any, *, keys: tuple[bytes, bytes], key_id: str, place: tuple[str, ...]) -> str:
    """Return `format:key id:base64`. `keys` come from `split`; `place` says where the value will stand."""
    payload = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    token = FernetBytes(keys[0], PlaceSigner(keys[1], place)).encrypt(payload)
    return f"{FORMAT}:{key_id}:{base64.urlsafe_b64encode(token).decode()}"


def open_sealed(sealed: str, *, keys: tuple[bytes, bytes], place: tuple[str, ...]) -> Any:
    """Return what was sealed at this place. Raises `Unreadable`."""
    version, _, token = sealed.split(":", 2) if sealed.count(":") >= 2 else ("", "", "")
    if version != FORMAT:
        raise Unreadable("The value is not sealed in a format that this hub knows.")
    try:
        payload = FernetBytes(keys[0], PlaceSigner(keys[1], place)).decrypt(base64.urlsafe_b64decode(token))
    except (BadSignature, InvalidToken, ValueError) as error:
        raise Unreadable("The value was not sealed with this key at this place, or was altered.") from error
    return json.loads(payload)


def key_id(sealed: str) -> str:
    return sealed.split(":", 2)[1] if sealed.count(":") >= 2 else ""
