"""The wizard: an integration is set up step by step, and what was entered waits until somebody goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors import catalog, forms, schemas
from connectors.oauth2 import CODE
from connectors.schemas import FieldError
from integrations.domain import Choice, Trigger
from integrations.models import Credential, Draft
from integrations.services import accounts, choices, credentials, drafts, facts, requests
from integrations.services.connections import Report
from integrations.services.drafts import Content, Step
from integrations.services.errors import Invalid, Refused
from integrations.services.oauth2.facts import State
from integrations.vault import Unreadable
from integrations.web import live, trials
from integrations.web.choices import dataset_options
from integrations.web.integrations import words_of
from integrations.web.options import OptionsForm
from tenants.roles import Role
from tenants.web.pages import MemberPage

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
        waiting = drafts.found().filter(connector=connector, user=self.access.user)
        return render(request, "wizard/begin.html", {"connector": connector, "waiting": waiting[:5]})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        connector = get_object_or_404(catalog.available(self.access.tenant_id), slug=slug)
        draft = drafts.begin(connector=connector, tenant_id=self.access.tenant_id, by=self.access.user)
        return redirect(address(draft, drafts.steps(draft, Content.of(draft))[0]))


class StepPage(MemberPage):
    """One step: `fill` shows it, `take` reads what was entered and says whether to go on.

    Whoever goes to another step by a button named `go` takes along what was entered, right or wrong: `note` keeps it.
    """

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
        if wanted := request.POST.get("go"):
            return redirect(self._gone(request, wanted))
        shown = self.take(request)
        return shown if shown is not None else redirect(self.next_url())

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        """Keep what was entered; return the page when it is to be shown again, None to go on."""
        return None

    def note(self, request: HttpRequest) -> None:
        """Put what was entered into the content, whatever it is worth."""

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def show(self, request: HttpRequest, **more: Any) -> HttpResponse:
        context = {"draft": self.draft, "connector": self.draft.connector, "stops": self._rail(), "step": self.step}
        context |= {"title": TITLES[self.step], "back": self._back()}
        return render(request, f"wizard/{self.step}.html", context | self.fill(request) | more)

    def keep(self, *, is_done: bool = True) -> None:
        if is_done and self.step not in self.content.done:
            self.content.done.append(self.step.value)
        drafts.keep(self.draft, self.content)

    def next_url(self) -> str:
        steps = drafts.steps(self.draft, self.content)
        later = [step for step in steps if list(Step).index(step) > list(Step).index(self.step)]
        return address(self.draft, later[0] if later else Step.REVIEW)

    def _gone(self, request: HttpRequest, wanted: str) -> str:
        self.note(request)
        drafts.keep(self.draft, self.content)
        steps = drafts.steps(self.draft, self.content)
        return address(self.draft, Step(wanted) if wanted in steps else steps[0])

    def _back(self) -> Step | None:
        before = self.steps.index(self.step) if self.step in self.steps else 0
        return self.steps[before - 1] if before else None

    def _find(self, pk: UUID) -> None:
        self.draft = get_object_or_404(drafts.found(), pk=pk)
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
        known = drafts.accounts(self.draft.connector)
        return {"accounts": [(one, accounts.standing(one)) for one in known], "chosen": self.content.account}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        if not self._is_known(request):
            return self.show(request, error=_("Choose one of the accounts."))
        self.note(request)
        self.keep()
        return None

    def note(self, request: HttpRequest) -> None:
        if self._is_known(request):
            self.content.account = request.POST.get("account", "")

    def _is_known(self, request: HttpRequest) -> bool:
        chosen = request.POST.get("account", "")
        return not chosen or chosen in {str(each.pk) for each in drafts.accounts(self.draft.connector)}


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

    def form(
        self, request: HttpRequest, errors: Sequence[FieldError] = (), notices: Mapping[str, str] | None = None
    ) -> forms.Form:
        return forms.build(
            self.schema,
            self.value,
            prefix=self.prefix,
            errors=errors,
            datasets=dataset_options(),
            options=live.options(self.content.choices),
            texts=self.content.texts.get(self.prefix),
            notices=notices,
            refresh_url=request.path,
        )

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        parsed = self._read(request)
        loaded = live.load(parsed, self.form(request), self.content.choices, self._choices)
        self.content.choices = loaded.known
        self.keep(is_done=parsed.is_final)
        if parsed.is_final:
            return None
        return self.show(request, form=self.form(request, parsed.errors, loaded.notices))

    def note(self, request: HttpRequest) -> None:
        if not self._read(request).is_final and self.step in self.content.done:
            self.content.done.remove(self.step)

    def _read(self, request: HttpRequest) -> forms.Parsed:
        """Put what was typed into the content: it comes back with the option it belongs to, and with the page."""
        memory = self.content.memory.get(self.prefix)
        parsed = forms.parse(self.schema, request.POST, prefix=self.prefix, kept=self.value, memory=memory)
        setattr(self.content, self.prefix, parsed.value)
        self.content.memory[self.prefix] = parsed.memory
        self.content.texts[self.prefix] = dict(parsed.texts)
        return parsed

    def _choices(self, source: str) -> Sequence[Choice]:
        credential = drafts.credential(self.draft, self.content)
        config = self.content.config
        return choices.load(connector=self.draft.connector, credential=credential, config=config, source=source)


class Secrets(FormPage):
    step, prefix = Step.SECRETS, "credential"

    @property
    def schema(self) -> dict[str, Any]:
        return self.draft.connector.credential_schema

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().fill(request), "account_name": self.content.account_name}

    def _read(self, request: HttpRequest) -> forms.Parsed:
        self.content.account_name = request.POST.get("account_name", "").strip()[:200] or self.draft.connector.name
        self.content.tested = None
        return super()._read(request)


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
        if trials.is_wanted_in_pieces(request):
            return trials.streamed(self.draft.tenant_id, partial(drafts.test, self.draft, self.content), self._note)
        try:
            self._note(drafts.test(self.draft, self.content))
        except Refused as refusal:
            return self.show(request, refusal=refusal)
        return self.show(request)

    def _note(self, report: Report) -> None:
        self.content.tested = report.as_json()
        self.keep(is_done=report.ok)


class Schedule(StepPage):
    step = Step.SCHEDULE

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        return {"options": self._form()}

    def take(self, request: HttpRequest) -> HttpResponseBase | None:
        form = self._read(request)
        self.keep(is_done=form.is_valid())
        return None if form.is_valid() else self.show(request, options=form)

    def note(self, request: HttpRequest) -> None:
        self._read(request)

    def _read(self, request: HttpRequest) -> OptionsForm:
        """Take what was chosen; when something of it is wrong, all of it waits as it was typed."""
        form = OptionsForm(request.POST, credentials=[])
        if form.is_valid():
            self.content.options, self.content.typed = form.changes(), {}
        else:
            self.content.typed = {name: request.POST[name] for name in form.fields if name in request.POST}
        return form

    def _form(self) -> OptionsForm:
        if self.content.typed:
            return OptionsForm(self.content.typed, credentials=[])
        return OptionsForm.of_values(self.content.options)


class Review(StepPage):
    step = Step.REVIEW

    def fill(self, request: HttpRequest) -> dict[str, Any]:
        connector, content = self.draft.connector, self.content
        account = next((each for each in drafts.accounts(connector) if str(each.pk) == content.account), None)
        return {
            "options": content.options,
            "config": facts.of(connector.config_schema, schemas.mask(connector.config_schema, content.config)),
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
        draft = get_object_or_404(drafts.found(), pk=pk)
        draft.delete()
        messages.success(request, _("The draft is gone, and what was entered with it."))
        return redirect("connector", slug=draft.connector.slug)


def needs_sign_in(credential: Credential) -> bool:
    facts = credentials.sign_in(credential)
    return facts is not None and facts.grant == CODE and facts.state is State.NEEDED


PAGES: tuple[type[StepPage], ...] = (Account, Secrets, Options, Test, Schedule, Review)


def address(draft: Draft, step: Step) -> str:
    return reverse(f"draft_{step}", args=[draft.pk])
