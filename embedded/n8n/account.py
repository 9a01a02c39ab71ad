"""The two accounts of an embedded n8n, made once and kept in its folder, for the operator's eyes only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import bcrypt


@dataclass(frozen=True, slots=True)
class Account:
    """`password` opens n8n's own pages."""

    email: str
    password: str = field(repr=False)
    password_hash: str = field(repr=False)

    @classmethod
    def owner(cls, folder: Path) -> Self:
        """Return who owns this n8n: for people."""
        return cls._of(folder, "owner")

    @classmethod
    def hub(cls, folder: Path) -> Self:
        """Return who the hub is in this n8n: a plain member, which may do no more than it needs.

        It is quicker too: with each call of its API n8n loads all scopes of the caller, and an owner has hundreds.
        """
        return cls._of(folder, "hub")

    @classmethod
    def _of(cls, folder: Path, name: str) -> Self:
        path = folder / f"{name}.json"
        if path.exists():
            return cls(**json.loads(path.read_text()))
        # n8n wants an upper-case letter and a digit.
        password = f"{secrets.token_urlsafe(18)}A1"
        made = cls(
            email=f"{name}@hub.localhost.test",
            password=password,
            password_hash=bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode(),
        )
        write_private(path, json.dumps(asdict(made)))
        return made

    def as_owner(self) -> dict[str, str]:
        """Return the environment in which n8n makes this account its owner; n8n is given only the hash."""
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
