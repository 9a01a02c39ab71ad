"""What people and clocks ask of runs: start one, cancel it, try it again."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from connectors import schemas
from integrations.domain import RunState, Trigger
from integrations.models import UNDER_WAY, Integration, Run
from integrations.services import bell
from integrations.services.errors import KeyReused, Refused
from tenants.models import User
from tenants.services import audit


def request(
    *,
    integration: Integration,
    trigger: Trigger,
    by: User | None = None,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> tuple[Run, bool]:
    """Queue a run and ring for it; return it, and whether it was made now.

    The same key returns the same run, however often it comes: a browser may retry, and so may two bells. The same key
    with the fingerprint of another order raises `KeyReused`.
    """
    if idempotency_key and (earlier := _by_key(integration, idempotency_key, fingerprint)):
        return earlier[0], False
    run = _new(integration, trigger, by, idempotency_key, fingerprint)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            bell.ring([run])
    except IntegrityError:
        if earlier := _by_key(integration, idempotency_key, fingerprint):
            return earlier[0], False
        raise
    return run, True


def request_many(
    *,
    integration: Integration,
    count: int,
    trigger: Trigger,
    by: User | None = None,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> tuple[list[Run], bool]:
    """Queue several runs at once; return them, and whether they were made now. A key works as in `request`."""
    if idempotency_key and (earlier := _by_key(integration, idempotency_key, fingerprint)):
        return earlier, False
    keys = [_numbered(idempotency_key, number) for number in range(count)]
    runs = [_new(integration, trigger, by, key, fingerprint) for key in keys]
    try:
        with transaction.atomic():
            Run.everywhere.bulk_create(runs)
            bell.ring(runs)
    except IntegrityError:
        if earlier := _by_key(integration, idempotency_key, fingerprint):
            return earlier, False
        raise
    return runs, True


def cancel(*, run: Run, by: User | None = None) -> Run:
    """Wish for the run's end. The wish stays on the row until the engine has confirmed it."""
    if run.is_final:
        raise Refused(
            "run_ended", gettext("The run has already ended: %(state)s.") % {"state": RunState(run.state).label.lower()}
        )
    now = timezone.now()
    with transaction.atomic():
        Run.everywhere.filter(pk=run.pk, due_at__isnull=False, cancel_requested_at=None).update(cancel_requested_at=now)
        # Only a run that nobody steps is made due at once; a step that is under way looks for the wish itself.
        Run.everywhere.filter(pk=run.pk, due_at__isnull=False, lease=None).update(due_at=now)
        bell.ring([run])
        audit.record(tenant_id=run.tenant_id, actor=by, verb="cancelled", subject=run, before={"state": run.state})
    run.refresh_from_db()
    return run


def retry(*, run: Run, by: User | None = None) -> Run:
    """Run the integration again, as it is configured now."""
    if not run.is_final:
        raise Refused("run_active", gettext("The run has not ended yet. Cancel it, or wait for its end."))
    return request(integration=run.integration, trigger=Trigger.RETRY, by=by)[0]


def demand_runnable(integration: Integration) -> None:
    """Raises `Refused` when no run of it can be asked for."""
    if integration.deleted_at:
        raise Refused("integration_deleted", gettext("The integration was deleted."))
    if (name := integration.connector.type) not in settings.ENGINES:
        raise Refused(
            "engine_not_configured",
            gettext("This hub has no engine called %(name)s. Add it to HUB_ENGINES.") % {"name": repr(name)},
        )


def has_active(integration: Integration) -> bool:
    return Run.everywhere.filter(UNDER_WAY, integration=integration).exists()


def _new(integration: Integration, trigger: Trigger, by: User | None, key: str | None, fingerprint: str = "") -> Run:
    demand_runnable(integration)
    connector = integration.connector
    return Run(
        tenant_id=integration.tenant_id,
        integration=integration,
        requested_by=by,
        connector_version=integration.connector_version,
        trigger=trigger.value,
        idempotency_key=key,
        order_fingerprint=fingerprint,
        config=schemas.mask(connector.config_schema, integration.config),
        queue=connector.type,
        due_at=timezone.now(),
    )


def _numbered(key: str | None, number: int) -> str | None:
    """The key of one of several runs; the first has the caller's, and no header can hold the others."""
    return f"{key}\n{number}" if key and number else key


def _by_key(integration: Integration, key: str | None, fingerprint: str) -> list[Run]:
    """The runs that an earlier order with this key made, in their order."""
    first = Run.everywhere.filter(integration=integration, idempotency_key=key).first() if key else None
    if first is None:
        return []
    if first.order_fingerprint != fingerprint:
        raise KeyReused(
            "idempotency_key_reused",
            gettext("This Idempotency-Key came earlier with another order."),
            fix=gettext("Send each new order with a key of its own."),
        )
    mark = f"{key}\n"
    rows = Run.everywhere.filter(integration=integration, idempotency_key__startswith=mark)
    # SQLite compares without regard to case, keys do not.
    others = {str(row.idempotency_key): row for row in rows if str(row.idempotency_key).startswith(mark)}
    return [first, *(others[each] for each in sorted(others, key=lambda each: int(each.removeprefix(mark))))]
