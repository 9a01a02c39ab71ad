"""Single sign-on: to the identity provider, and back from it."""

from __future__ import annotations

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from tenants.web.adapters import back_to_login

PROVIDER = "sso"
AWAY = gettext_lazy("The identity provider does not answer. Try again, or sign in with your password.")


def name() -> str:
    """What people call the provider; empty when there is none."""
    return str(settings.OIDC_NAME) if settings.OIDC_URL else ""


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Go to the provider to sign in. Nothing else is asked of it: accounts are linked by a verified address alone."""
    try:
        provider = get_adapter().get_provider(request, PROVIDER)
        answer: HttpResponse = provider.redirect(request, AuthProcess.LOGIN, next_url=wanted(request))
    except SocialApp.DoesNotExist:
        raise Http404("This hub has no single sign-on.") from None
    except RequestException:
        return back_to_login(request, str(AWAY))
    return answer


@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = views.callback(request, provider_id)
    except RequestException:
        return back_to_login(request, str(AWAY))
    return answer


def wanted(request: HttpRequest) -> str | None:
    """The page of ours that somebody was on their way to."""
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else None
