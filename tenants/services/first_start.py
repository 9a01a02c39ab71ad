"""The first start of a hub: whoever comes first looks after it, and nobody after them does so by this door."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tenants.models import Tenant, User
from tenants.scope import platform
from tenants.services.accounts import create_tenant
from tenants.services.errors import Conflict, Mistake


def is_due() -> bool:
    """Nobody can sign in, and there is nothing that anybody could have made."""
    with platform():
        return not User.objects.exists() and not Tenant.objects.exists()


def begin(*, email: str, password: str, tenant_name: str, name: str = "") -> tuple[User, Tenant]:
    """Make the first admin and their organisation. Raises `Mistake` at a field, `Conflict` when somebody was first."""
    user = User(email=User.objects.normalize_email(email.strip()), first_name=name.strip()[:150])
    user.is_staff = user.is_superuser = True
    with platform(), transaction.atomic():
        # One at a time: the row is there since the tables are, and two who come at once wait here for each other.
        ContentType.objects.select_for_update().get(app_label="tenants", model="user")
        if not is_due():
            raise Conflict("begun", _("This hub has been set up already. Sign in, or ask for an invitation."))
        _check(user, password)
        user.save(force_insert=True)
        slug = slugify(tenant_name)[:50] or "main"
        return user, create_tenant(name=tenant_name.strip(), slug=slug, admin=user)


def _check(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Mistake("/password", "weak", " ".join(error.messages)) from None
    user.set_password(password)
    try:
        user.full_clean()
    except ValidationError as error:
        raise Mistake("/email", "invalid", " ".join(error.messages)) from None
