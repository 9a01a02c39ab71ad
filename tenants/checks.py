"""What `manage.py check` asks of the models of tenants."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from tenants.row_security import Protect
from tenants.scope import TenantOwned


def owned() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, TenantOwned)]


@register()
def every_row_is_protected(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Each model of tenants' rows is named by a `Protect` among its app's migrations."""
    protected = {
        f"{label}.{name}"
        for (label, _), migration in MigrationLoader(None).disk_migrations.items()
        for operation in migration.operations
        if isinstance(operation, Protect)
        for name in operation.names
    }
    return [
        Error(
            f"{model.__name__} is owned by tenants, and no migration has PostgreSQL keep their rows apart.",
            hint=f"Add tenants.row_security.Protect({model._meta.model_name!r}) to a migration of its app.",
            obj=model,
            id="tenants.E001",
        )
        for model in owned()
        if model._meta.label_lower not in protected
    ]
