"""The account that owns an embedded n8n: made once, kept in its folder, for the operator's eyes only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import bcrypt


@dataclass(frozen=True, slots=True)
class Owner:
    """`password` opens n8n's own pages; n8n itself is given only its hash."""

    email: str
    password: str = field(repr=False)
    password_hash: str = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the owner kept in `folder`, making it the first time."""
        path = folder / "owner.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        # n8n wants an upper-case letter and a digit.
        password = f"{secrets.token_urlsafe(18)}A1"
        made = cls(
            email="owner@hub.localhost.test",
            password=password,
            password_hash=bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode(),
        )
        write_private(path, json.dumps(asdict(made)))
        return made

    def environment(self) -> dict[str, str]:
        return {
            "N8N_INSTANCE_OWNER_MANAGED_BY_ENV": "true",
            "N8N_INSTANCE_OWNER_EMAIL": self.email,
            "N8N_INSTANCE_OWNER_FIRST_NAME": "Hub",
            "N8N_INSTANCE_OWNER_LAST_NAME": "Owner",
            "N8N_INSTANCE_OWNER_PASSWORD_HASH": self.password_hash,
        }


def write_private(path: Path, text: str) -> None:
    """Write a file nobody else may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    aside.rename(path)
