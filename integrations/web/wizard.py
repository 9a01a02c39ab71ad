"""The wizard: an integration is set up step by step, and what was entered waits until somebody goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors import catalog, forms, schemas
from connectors.oauth2 import CODE
from connectors.schemas import FieldError
from integrations.domain import Trigger
from integrations.models import Credential, Draft
from integrations.services import credentials, drafts, requests
from integrations.services.connections import Report
from integrations.services.drafts import Content, Step
from integrations.services.errors import Invalid, Refused
from integrations.services.oauth2.facts import State
from integrations.services.probes import Stage
from integrations.vault import Unreadable
from integrations.web.choices import dataset_options
from integrations.web.integrations import words_of
from integrations.web.options import OptionsForm
from tenants.api.streaming import Streamed
from tenants.roles import Role
from tenants.scope import scope
from tenants.web.pages import MemberPage

TRIAL_SECONDS = 30.0
TITLES = {
    Step.ACCOUNT: gettext_lazy("Account"),
    Step.SECRETS: gettext_lazy("Sign in"),
    Step.OPTIONS: gettext_lazy("Options"),
    Step.TEST: gettext_lazy("Test"),
    Step.SCHEDULE: gettext_lazy("Schedule and alerts"),
    Step.REVIEW: gettext_lazy("Review"),
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One station of the rail at the side."""

    step: Step
    title: str
    url: str
    is_here: bool
    is_done: bool


class Begin(MemberPage):
    """The way in: it makes a draft, or goes on with the one that waits."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        connector = get_object_or_404(catalog.available(self.access.tenant_id), slug=slug)
        waiting = Draft.objects.filter(connector=connector, user=self.access.user)
        return render(request, "wizard/begin.html", {"connector": connector, "waiting": waiting[:5]})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        connector = get_object_or_404(catalog.available(self.access.tenant_id), slug=slug)
        draft = drafts.begin(connector=connector, tenant_id=self.access.tenant_id, by=self.access.user)
        return redirect(address(draft, drafts.steps(draft, Content.of(draft))[0]))


class StepPage(MemberPage):
    """One step: `fill` shows it, `take` reads what was entered and says whether to go on."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]
    step: ClassVar[Step]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Unreadable:
            messages.error(request, _("What was entered here cannot be opened any more. Begin anew."))
            return redirect("gallery")

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        self._find(pk)
        if self.step not in self.steps:
            return redirect(address(self.draft, self.steps[0]))
        return self.show(request)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        self._find(pk)
        shown = self.take(request)
        return shown if shown is not None else redirect(self.next_url())

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        """Keep what was entered; return the page when it is to be shown again, None to go on."""
        return None

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def show(self, request: HttpRequest, **more: Any) -> HttpResponse:
        context = {"draft": self.draft, "connector": self.draft.connector, "stops": self._rail(), "step": self.step}
        context |= {"title": TITLES[self.step], "back_url": self._back_url(), "is_last": self.step is Step.REVIEW}
        return render(request, f"wizard/{self.step}.html", context | self.fill(request) | more)

    def keep(self, *, is_done: bool = True) -> None:
        if is_done and self.step not in self.content.done:
            self.content.done.append(self.step.value)
        drafts.keep(self.draft, self.content)

    def next_url(self) -> str:
        steps = drafts.steps(self.draft, self.content)
        later = [step for step in steps if list(Step).index(step) > list(Step).index(self.step)]
        return address(self.draft, later[0] if later else Step.REVIEW)

    def _back_url(self) -> str:
        before = self.steps.index(self.step) if self.step in self.steps else 0
        return address(self.draft, self.steps[before - 1]) if before else ""

    def _find(self, pk: UUID) -> None:
        self.draft = get_object_or_404(Draft.objects.select_related("connector"), pk=pk)
        self.content = Content.of(self.draft)
        self.steps = drafts.steps(self.draft, self.content)

    def _rail(self) -> list[Stop]:
        return [
            Stop(step, str(TITLES[step]), address(self.draft, step), step is self.step, step in self.content.done)
            for step in self.steps
        ]


class Account(StepPage):
    """One of the accounts there are, or a new one."""

    step = Step.ACCOUNT

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {"accounts": drafts.accounts(self.draft.connector), "chosen": self.content.account}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        chosen = request.POST.get("account", "")
        known = {str(each.pk) for each in drafts.accounts(self.draft.connector)}
        if chosen and chosen not in known:
            return self.show(request, error=_("Choose one of the accounts."))
        self.content.account = chosen
        self.keep()
        return None


class FormPage(StepPage):
    """A step whose form is made from a schema."""

    prefix = ""

    @property
    def schema(self) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = getattr(self.content, self.prefix)
        return value

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {"form": self.form(request)}

    def form(self, request: HttpRequest, errors: Any = (), texts: Any = None) -> forms.Form:
        return forms.build(
            self.schema,
            self.value,
            prefix=self.prefix,
            errors=errors,
            datasets=dataset_options(),
            texts=texts,
            refresh_url=request.path,
        )

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        parsed = forms.parse(self.schema, request.POST, prefix=self.prefix, kept=self.value)
        setattr(self.content, self.prefix, parsed.value)
        errors = [*parsed.errors, *self.more_errors(request)]
        is_done = parsed.is_final and not errors
        self.keep(is_done=is_done)
        if is_done:
            return None
        return self.show(request, form=self.form(request, errors if not parsed.action else (), parsed.texts))

    def more_errors(self, request: HttpRequest) -> list[FieldError]:
        return []


class Secrets(FormPage):
    step, prefix = Step.SECRETS, "credential"

    @property
    def schema(self) -> dict[str, Any]:
        return self.draft.connector.credential_schema

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().fill(request), "account_name": self.content.account_name}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        self.content.account_name = request.POST.get("account_name", "").strip()[:200] or self.draft.connector.name
        self.content.tested = None
        return super().take(request)


class Options(FormPage):
    step, prefix = Step.OPTIONS, "config"

    @property
    def schema(self) -> dict[str, Any]:
        return self.draft.connector.config_schema


class Test(StepPage):
    """The test of the connection. It may fail and one may still go on: the service may just be away."""

    step = Step.TEST

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {"report": self.content.tested}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        if request.POST.get("action") != "test":
            self.keep()
            return None
        if request.headers.get("X-Pieces"):
            return Streamed(self._pieces(), content_type="text/html; charset=utf-8")
        try:
            self._note(drafts.test(self.draft, self.content))
        except Refused as refusal:
            return self.show(request, refusal=refusal)
        return self.show(request)

    def _note(self, report: Report) -> None:
        self.content.tested = report.as_json()
        self.keep(is_done=report.ok)

    def _pieces(self) -> Iterator[bytes]:
        """The stages so far, whenever one has passed; a zero byte ends each piece."""
        told: SimpleQueue[Report | Refused | Sequence[Stage]] = SimpleQueue()

        def work() -> None:
            try:
                with scope(self.draft.tenant_id):
                    told.put(drafts.test(self.draft, self.content, told.put))
            except Refused as refusal:
                told.put(refusal)
            finally:
                connection.close()

        Thread(target=work, daemon=True).start()
        while not isinstance(said := told.get(timeout=TRIAL_SECONDS), Report | Refused):
            yield self._piece(said)
        if isinstance(said, Report):
            with scope(self.draft.tenant_id):
                self._note(said)
        yield self._piece(said)

    def _piece(self, said: Report | Refused | Sequence[Stage]) -> bytes:
        if isinstance(said, Refused):
            html = conditional_escape(f"{said.detail} {said.fix}")
        else:
            stages = said.stages if isinstance(said, Report) else said
            html = render_to_string("wizard/_stages.html", {"stages": stages})
        return html.encode() + b"\0"


class Schedule(StepPage):
    step = Step.SCHEDULE

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {"options": self._form()}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        form = OptionsForm(request.POST, credentials=[])
        if not form.is_valid():
            return self.show(request, options=form)
        self.content.options = form.changes()
        self.keep()
        return None

    def _form(self) -> OptionsForm:
        return OptionsForm.of_values(self.content.options)


class Review(StepPage):
    step = Step.REVIEW

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        connector, content = self.draft.connector, self.content
        account = next((each for each in drafts.accounts(connector) if str(each.pk) == content.account), None)
        return {
            "options": content.options,
            "config": schemas.mask(connector.config_schema, content.config),
            "has_account": schemas.has_fields(connector.credential_schema),
            "account": account,
            "account_name": content.account_name,
            "mates": drafts.mates(content),
            "tested": content.tested,
        }

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        try:
            made = drafts.finish(draft=self.draft, content=self.content, by=self.access.user)
        except Invalid as invalid:
            return self.show(request, problems=[self._problem(error) for error in invalid.errors])
        except Refused as refusal:
            return self.show(request, problems=[(words_of(refusal), "")])
        if made.credential and needs_sign_in(made.credential):
            messages.success(request, _("%(name)s is set up. One thing is left: sign in.") % {"name": made.name})
            return redirect("authorise", pk=made.credential_id)
        if request.POST.get("action") == "run":
            run, _new = requests.request(integration=made, trigger=Trigger.MANUAL, by=self.access.user)
            return redirect("run_page", pk=run.pk)
        messages.success(request, _("%(name)s is set up. Run it now, or wait for its schedule.") % {"name": made.name})
        return redirect("integration_page", pk=made.pk)

    def _problem(self, error: FieldError) -> tuple[str, str]:
        """What is wrong, and the step where it is mended."""
        steps = {"/credential": Step.SECRETS, "/config": Step.OPTIONS, "/data": Step.SECRETS}
        start = "/" + error.pointer.split("/")[1] if "/" in error.pointer else ""
        return error.detail, address(self.draft, steps.get(start, Step.SCHEDULE))


class GiveUp(MemberPage):
    role = Role.EDITOR
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        draft = get_object_or_404(Draft.objects.select_related("connector"), pk=pk)
        draft.delete()
        messages.success(request, _("The draft is gone, and what was entered with it."))
        return redirect("connector", slug=draft.connector.slug)


def needs_sign_in(credential: Credential) -> bool:
    facts = credentials.sign_in(credential)
    return facts is not None and facts.grant == CODE and facts.state is State.NEEDED


PAGES: tuple[type[StepPage], ...] = (Account, Secrets, Options, Test, Schedule, Review)


def address(draft: Draft, step: Step) -> str:
    return reverse(f"draft_{step}", args=[draft.pk])
