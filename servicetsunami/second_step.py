"""Has the vault seal the secrets of people's second step."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from integrations.vault import own

COLUMN = "mfa_authenticator", "data"


class SecondStep(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return own.seal(text, *COLUMN)

    def decrypt(self, encrypted_text: str) -> str:
        return own.opened(encrypted_text, *COLUMN)
