"""The setting up of an integration, step by step: what was entered is kept until it becomes one, or is given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from connectors import schemas
from connectors.models import Connector
from integrations.domain import Json
from integrations.models import Credential, Draft, Integration
from integrations.services import connections, integrations
from integrations.services.connections import Report
from integrations.services.errors import Refused
from integrations.services.integrations import NewCredential
from integrations.services.probes import OnStage
from tenants.models import User

KEPT_DAYS = 30
FORM_KEPT_DAYS = 1


class Step(StrEnum):
    ACCOUNT = "account"
    SECRETS = "secrets"
    OPTIONS = "options"
    TEST = "test"
    SCHEDULE = "schedule"
    REVIEW = "review"


@dataclass(slots=True)
class Content:
    """What a draft holds. `account` is the id of a credential, or empty for a new one.

    `memory` and `texts`, by "credential" and "config", are what was typed and is no part of the document: the values of
    options that are not chosen now, and what is not JSON. `typed` is what `options` cannot be made of. `choices`, by
    source, are those that were loaded.
    """

    account: str = ""
    account_name: str = ""
    credential: Json = field(default_factory=dict, repr=False)
    config: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    typed: Json = field(default_factory=dict)
    memory: Json = field(default_factory=dict, repr=False)
    texts: Json = field(default_factory=dict, repr=False)
    choices: Json = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    tested: Json | None = None

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls(**draft.data)

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


def begin(*, connector: Connector, tenant_id: UUID, by: User) -> Draft:
    content = Content(options={"name": _free_name(tenant_id, connector.name)}, account_name=connector.name)
    content.config = schemas.defaults(connector.config_schema, {})
    draft = Draft(tenant_id=tenant_id, connector=connector, user=by, data=content.as_json())
    draft.save(force_insert=True)
    return draft


def found() -> QuerySet[Draft]:
    """What is being set up in the entered tenant."""
    return Draft.objects.filter(form="").select_related("connector")


def keep(draft: Draft, content: Content) -> None:
    draft.data = content.as_json()
    draft.save(update_fields=["data", "updated_at"])


def steps(draft: Draft, content: Content) -> list[Step]:
    """The steps that this connector needs, in their order; what there is nothing to ask for is left out."""
    connector = draft.connector
    has_account = schemas.has_fields(connector.credential_schema)
    wanted = {
        Step.ACCOUNT: has_account and bool(accounts(connector)),
        Step.SECRETS: has_account and not content.account,
        Step.OPTIONS: schemas.has_fields(connector.config_schema),
        Step.TEST: connections.can_test(connector),
        Step.SCHEDULE: True,
        Step.REVIEW: True,
    }
    return [step for step, is_wanted in wanted.items() if is_wanted]


def accounts(connector: Connector) -> list[Credential]:
    """The credentials there are for the connector, each with the integrations that use it."""
    rows = Credential.objects.filter(connector=connector).order_by("name")
    return list(rows.select_related("connector", "grant").prefetch_related("integrations")[:200])


def mates(content: Content) -> list[str]:
    """Names of the integrations that use the chosen account already."""
    if not content.account:
        return []
    rows = Integration.objects.filter(credential_id=UUID(content.account), deleted_at=None)
    return list(rows.order_by("name").values_list("name", flat=True)[:20])


def test(draft: Draft, content: Content, on_stage: OnStage | None = None) -> Report:
    """Try the connection with what was entered. Raises `Refused` when there is nothing to test."""
    return connections.try_values(
        connector=draft.connector, credential=credential(draft, content), config=content.config, on_stage=on_stage
    )


@transaction.atomic
def finish(*, draft: Draft, content: Content, by: User) -> Integration:
    """Make the integration, and its credential when it is a new one; the draft goes. Raises `Invalid`."""
    made = integrations.create(
        tenant_id=draft.tenant_id,
        by=by,
        connector=draft.connector,
        name=content.options["name"],
        config=content.config,
        credential=_account(draft, content),
        **{name: value for name, value in content.options.items() if name not in ("name", "credential")},
    )
    draft.delete()
    return made


def forget_old() -> None:
    """Give up what nobody went on with for a month, or a day for a form: secrets are kept no longer than needed."""
    now = timezone.now()
    Draft.everywhere.filter(updated_at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    Draft.everywhere.exclude(form="").filter(updated_at__lt=now - timedelta(days=FORM_KEPT_DAYS)).delete()


def _account(draft: Draft, content: Content) -> Credential | NewCredential | None:
    if content.account:
        return _existing(draft, content)
    if not schemas.has_fields(draft.connector.credential_schema):
        return None
    return NewCredential(content.account_name, content.credential)


def credential(draft: Draft, content: Content) -> Credential | None:
    """The account as a row to test with; a new one is not kept yet."""
    if content.account:
        return _existing(draft, content)
    if not schemas.has_fields(draft.connector.credential_schema):
        return None
    values = {"connector": draft.connector, "name": content.account_name, "data": content.credential}
    return Credential(tenant_id=draft.tenant_id, **values)


def _existing(draft: Draft, content: Content) -> Credential:
    found = Credential.objects.filter(pk=content.account, connector=draft.connector).first()
    if found is None:
        raise Refused(
            "credential_gone", gettext("The account was deleted meanwhile."), fix=gettext("Choose another one.")
        )
    return found


def _free_name(tenant_id: UUID, wanted: str) -> str:
    alike = Integration.everywhere.filter(tenant=tenant_id, deleted_at=None, name__startswith=wanted)
    taken = set(alike.values_list("name", flat=True))
    number = 1
    while (name := wanted if number == 1 else f"{wanted} ({number})") in taken:
        number += 1
    return name
