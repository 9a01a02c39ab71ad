"""How allauth signs people in here: no sign-up without an invitation, and no account by an address nobody verified."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from tenants import origin
from tenants.models import Invitation, User
from tenants.services import accounts, invitations


class Accounts(DefaultAccountAdapter):
    """Passwords are checked by Django's own backends, so that tries are counted wherever they are made."""

    def get_login_stages(self) -> list[str]:
        return ["tenants.web.stages.CodeAfterPassword"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return origin.address_of(request) or "unknown"

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        return authenticate(self.request, username=user.get_username(), password=password) == user

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return back_to_login(request, _("This account is closed. Ask an administrator of your organisation."))


class SingleSignOn(DefaultSocialAccountAdapter):
    """Somebody signs in to the account of the address that the provider says it has verified."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        is_first_time = sociallogin.account.pk is None
        if is_first_time and sociallogin.is_existing:
            accounts.note(user=sociallogin.user, verb="linked", after={"provider": sociallogin.account.provider})

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Let nobody in but who holds an invitation's link, with a verified address that fits it."""
        address = verified_address(sociallogin)
        if not address:
            refuse(request, _("The identity provider has not verified your email address. Ask who looks after it."))
        invitation = invitation_at(sociallogin.state.get("next") or "")
        if invitation is None:
            text = _("There is no account for %(email)s. Ask an admin of your organisation for an invitation.")
            refuse(request, text % {"email": address})
        if invitation.email and invitation.email.lower() != address.lower():
            text = _("The invitation is for %(invited)s, and you signed in as %(email)s.")
            refuse(request, text % {"invited": invitation.email, "email": address})
        return True

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any) -> NoReturn:
        refuse(request, _("The identity provider did not sign you in: you said no, or it took too long. Try again."))


def verified_address(sociallogin: SocialLogin) -> str:
    return next((User.objects.normalize_email(each.email) for each in sociallogin.email_addresses if each.verified), "")


def invitation_at(path: str) -> Invitation | None:
    """Find the invitation whose page somebody is on their way to."""
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return None
    return invitations.find(match.kwargs["secret"]) if match.url_name == "accept_invitation" else None


def back_to_login(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect("login")


def refuse(request: HttpRequest, message: str) -> NoReturn:
    raise ImmediateHttpResponse(back_to_login(request, message))
