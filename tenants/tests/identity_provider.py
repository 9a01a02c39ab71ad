"""A real OpenID Connect provider for tests, in its own process: `python -m tenants.tests.identity_provider FOLDER`.

django-oauth-toolkit is the provider; only its sign-in is ours: `/login?user=dora` is believed. A person's last name
says whether their address is verified. It writes its port and key into the folder.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

CLIENT, SECRET, CALLBACK = "hub", "the client's secret", "http://testserver/login/sso/done"
PEOPLE = {"dora": "verified", "eve": "verified", "mallory": "unverified"}


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded.decode()


def configure(folder: Path) -> None:
    settings.configure(
        SECRET_KEY="of the provider",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="tenants.tests.identity_provider_pages",
        LOGIN_URL="/login",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": private_key(),
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who you are", "profile": "your name", "email": "your address"},
            "OAUTH2_VALIDATOR_CLASS": "tenants.tests.identity_provider_pages.Claims",
        },
    )
    django.setup()


def fill() -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - the settings come first
    from django.core.management import call_command  # noqa: PLC0415
    from oauth2_provider.models import Application  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    for name, state in PEOPLE.items():
        User.objects.create(username=name, email=f"{name}@example.com", last_name=state)
    Application.objects.create(
        client_id=CLIENT,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=CALLBACK,
        algorithm="RS256",
        skip_authorization=False,
    )


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def main(folder: Path) -> None:
    configure(folder)
    fill()
    from django.core.wsgi import WSGIHandler  # noqa: PLC0415

    with make_server("127.0.0.1", 0, WSGIHandler(), Server, Quiet) as server:
        ready = folder / "ready.json.part"
        ready.write_text(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/o"}))
        ready.rename(folder / "ready.json")
        server.serve_forever()


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    main(Path(sys.argv[1]))
