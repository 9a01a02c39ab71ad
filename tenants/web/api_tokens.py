"""API tokens: made and shown once, listed, revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy

from tenants.models import Member
from tenants.roles import Role
from tenants.services import tokens
from tenants.services.errors import Mistake
from tenants.web.forms import TokenForm
from tenants.web.pages import Button, MemberPage, with_secret

TEMPLATE = "tenants/tokens.html"
MOST = 500
"""Rows of the page; the API has them all."""


class Tokens(MemberPage):
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, TEMPLATE, self._shown(TokenForm(most=self.access.role)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST, most=self.access.role)
        if not form.is_valid():
            return render(request, TEMPLATE, self._shown(form), status=400)
        mine = Member.objects.select_related("user").get(user=self.access.user)
        given = form.cleaned_data
        try:
            _, secret = tokens.issue(
                member=mine, name=given["name"], role=Role(given["role"]), expires_at=form.expires_at()
            )
        except Mistake as mistake:
            form.add_error(None, mistake.detail)
            return render(request, TEMPLATE, self._shown(form), status=400)
        context = self._shown(TokenForm(most=self.access.role))
        return with_secret(request, TEMPLATE, {**context, "secret": secret})

    def _shown(self, form: TokenForm) -> dict[str, Any]:
        living = tokens.seen_by(self.access.user, self.access.role).filter(revoked_at=None)
        return {"form": form, "tokens": living[:MOST]}


class Revoke(Button):
    page, done = "tokens_page", gettext_lazy("The token is revoked: it stops working at once.")

    def press(self, **places: UUID) -> None:
        found = get_object_or_404(tokens.seen_by(self.access.user, self.access.role), pk=places["pk"])
        tokens.revoke(token=found, by=self.access.user)
