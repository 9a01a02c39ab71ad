"""An OAuth 2.0 service in a process of its own: django-oauth-toolkit, and an API behind it that wants its tokens.

Prints its port, keeps its files in the folder it is given. A GET of /control tells what it was asked; a POST of
/control changes how it behaves.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    ROOT_URLCONF=__name__,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # its clients say who they are in each test
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    MIDDLEWARE=[f"{__name__}.signed_in"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    OAUTH2_PROVIDER={
        "SCOPES": {"read": "Read", "write": "Write", "admin": "All"},
        "PKCE_REQUIRED": True,
        "ALWAYS_RELOAD_OAUTHLIB_CORE": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - the settings come first
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider.decorators import protected_resource  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402
from oauth2_provider.views import AuthorizationView, TokenView  # noqa: E402

CLIENT_ID, CLIENT_SECRET = "the-hub", "planted-client-secret"
MACHINE_ID = "the-machine"
USUAL: dict[str, Any] = {"delay": 0.0, "lifetime": 3600, "rotate": True, "fail": 0, "ahead": 0}

asked: list[dict[str, str]] = []
shown: list[str] = []
behaviour = dict(USUAL)
real_now = timezone.now


def signed_in(get_response: Any) -> Any:
    """Whoever comes is Sam, who is signed in already."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.user = User.objects.get(username="sam")
        answer: HttpResponse = get_response(request)
        return answer

    return respond


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    asked.append({"grant_type": request.POST.get("grant_type", ""), "in": "header" if basic(request) else "body"})
    time.sleep(behaviour["delay"])
    if behaviour["fail"]:
        return JsonResponse({"error": "temporarily_unavailable"}, status=behaviour["fail"])
    answer: HttpResponse = TokenView.as_view()(request)
    return answer


def records(request: HttpRequest) -> HttpResponse:
    answer = shown_records(request)
    # What RFC 6750 wants for a token that is none, where the decorator says 403.
    return answer if answer.status_code == 200 else JsonResponse({"error": "invalid_token"}, status=401)


@protected_resource(scopes=["read"])
def shown_records(request: HttpRequest) -> HttpResponse:
    shown.append(request.headers["Authorization"].removeprefix("Bearer "))
    return JsonResponse([{"id": 1, "name": "Łódź"}, {"id": 2, "name": "Kraków"}], safe=False)


@csrf_exempt
def control(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        change(json.loads(request.body))
    live = [each.token for each in AccessToken.objects.order_by("pk")]
    return JsonResponse({"asked": asked, "shown": shown, "live": live})


def change(orders: dict[str, Any]) -> None:
    for order, value in orders.items():
        match order:
            case "reset":
                reset(value)
            case "revoke" if value == "refresh":
                for each in RefreshToken.objects.filter(revoked=None):
                    each.revoke()
            case "revoke":
                # Deleting them would take their refresh tokens along.
                AccessToken.objects.update(expires=real_now() - timedelta(days=1))
            case _:
                behaviour[order] = value
    oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS = behaviour["lifetime"]
    oauth2_settings.ROTATE_REFRESH_TOKEN = behaviour["rotate"]
    timezone.now = lambda: real_now() + timedelta(seconds=behaviour["ahead"])


def reset(redirect_uris: str) -> None:
    """Begin anew: both clients known, nothing granted, nothing asked."""
    behaviour.update(USUAL)
    asked.clear()
    shown.clear()
    Application.objects.all().delete()
    usual = {"client_secret": CLIENT_SECRET, "client_type": "confidential", "redirect_uris": redirect_uris}
    Application.objects.create(client_id=CLIENT_ID, authorization_grant_type="authorization-code", **usual)
    Application.objects.create(client_id=MACHINE_ID, authorization_grant_type="client-credentials", **usual)


def basic(request: HttpRequest) -> bool:
    return request.headers.get("Authorization", "").startswith("Basic ")


urlpatterns = [
    path("authorize", AuthorizationView.as_view()),
    path("token", token),
    path("records", records),
    path("control", control),
]


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    call_command("migrate", verbosity=0)
    User.objects.create_user("sam")
    with make_server("127.0.0.1", 0, get_wsgi_application(), Threaded, Silent) as server:
        print(server.server_port, flush=True)  # noqa: T201
        server.serve_forever()


if __name__ == "__main__":
    main()
