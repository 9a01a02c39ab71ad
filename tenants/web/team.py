"""The team: members and their roles, and the links that let others in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import Invitation, Member
from tenants.roles import Role
from tenants.services import invitations, members
from tenants.services.errors import Conflict, Mistake
from tenants.web.forms import InvitationForm
from tenants.web.pages import Button, MemberPage, with_secret


class Team(MemberPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "tenants/team.html", shown(self.access.role, InvitationForm()))


class Invite(MemberPage):
    role = Role.ADMIN
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST)
        if not form.is_valid():
            return render(request, "tenants/team.html", shown(self.access.role, form), status=400)
        given = {**form.cleaned_data, "role": Role(form.cleaned_data["role"])}
        try:
            _, secret = invitations.create(tenant=members.tenant(self.access.tenant_id), by=self.access.user, **given)
        except Mistake as mistake:
            form.add_error("email", mistake.detail)
            return render(request, "tenants/team.html", shown(self.access.role, form), status=400)
        url = request.build_absolute_uri(reverse("accept_invitation", args=[secret]))
        return with_secret(request, "tenants/team.html", {**shown(self.access.role, InvitationForm()), "url": url})


class Withdraw(Button):
    role, page, done = Role.ADMIN, "team", gettext_lazy("The invitation is withdrawn: its link stops working at once.")

    def press(self, **places: UUID) -> None:
        invitation = get_object_or_404(Invitation.objects, pk=places["pk"])
        invitations.withdraw(invitation=invitation, by=self.access.user)


class ChangeRole(MemberPage):
    role = Role.ADMIN
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        member = get_object_or_404(Member.objects.select_related("user"), pk=pk)
        chosen = request.POST.get("role", "")
        try:
            if chosen not in Role:
                raise Conflict("unknown_role", _("Choose one of the roles."))
            members.change_role(member=member, role=Role(chosen), by=self.access.user)
        except Conflict as conflict:
            messages.error(request, conflict.detail)
        else:
            messages.success(
                request,
                _("%(name)s has the role %(role)s now.") % {"name": member.user, "role": Role(chosen).label.lower()},
            )
        return redirect("team")


class Remove(Button):
    role, page, done = Role.ADMIN, "team", gettext_lazy("The member is removed, and so are their tokens.")

    def press(self, **places: UUID) -> None:
        member = get_object_or_404(Member.objects.select_related("user"), pk=places["pk"])
        members.remove(member=member, by=self.access.user)


class Leave(Button):
    page, done = "home", gettext_lazy("You have left the organisation.")

    def press(self, **places: UUID) -> None:
        mine = get_object_or_404(Member.objects.select_related("user"), user=self.access.user)
        members.remove(member=mine, by=self.access.user)


def shown(role: Role, form: InvitationForm) -> dict[str, Any]:
    """What the page needs; links are for admins alone."""
    open_links = Invitation.objects.select_related("invited_by") if role.covers(Role.ADMIN) else ()
    return {
        "members": Member.objects.select_related("user").order_by("created_at", "id"),
        "invitations": [each for each in open_links if each.state == "open"],
        "form": form,
        "roles": Role.choices,
        "is_admin": role.covers(Role.ADMIN),
    }
