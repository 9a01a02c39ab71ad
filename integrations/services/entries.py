"""What was typed into a form that could not be saved: kept sealed until it can, so that nothing is typed twice.

A form carries an id of its own, so two tabs do not mix; what is kept under it belongs to whoever typed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from connectors.models import Connector
from integrations.domain import Json
from integrations.models import Draft
from integrations.vault import Unreadable
from tenants.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """`value` is the document, `memory` what was typed into options that are not chosen now, `choices` those that were
    loaded, by source."""

    value: Json = field(default_factory=dict, repr=False)
    memory: Json = field(default_factory=dict, repr=False)
    choices: Json = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft) -> Self:
        return cls(**draft.data)

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


def find(*, pk: UUID, form: str, by: User) -> Entry | None:
    """`form` says which form it was typed into, such as the one of a certain credential."""
    draft = Draft.objects.filter(pk=pk, form=form, user=by).first()
    try:
        return Entry.of(draft) if draft else None
    except Unreadable:
        return None


def keep(*, pk: UUID, form: str, by: User, connector: Connector, tenant_id: UUID, entry: Entry) -> UUID:
    """Keep it under this id, or under another one that is returned when somebody else has this."""
    draft = Draft.objects.filter(pk=pk, form=form, user=by).first()
    if draft:
        draft.data = entry.as_json()
        draft.save(update_fields=["data", "updated_at"])
        return pk
    draft = Draft(pk=pk, tenant_id=tenant_id, connector=connector, user=by, form=form, data=entry.as_json())
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        other = uuid4()
        return keep(pk=other, form=form, by=by, connector=connector, tenant_id=tenant_id, entry=entry)
    return pk


def forget(*, pk: UUID, form: str, by: User) -> None:
    Draft.objects.filter(pk=pk, form=form, user=by).delete()
