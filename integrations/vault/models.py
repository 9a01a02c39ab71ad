"""What the vault itself keeps: one wrapped data key per tenant, and the canary that proves the ring."""

from __future__ import annotations

import uuid

from django.db import models

from tenants.scope import TenantOwned


class TenantKey(TenantOwned):
    """A tenant's data key, wrapped by a key of the ring."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ring_key_id = models.CharField(max_length=64)
    wrapped = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_data_key_per_tenant")]

    def __str__(self) -> str:
        return f"data key of {self.tenant_id}"


class VaultCanary(models.Model):
    """A known value sealed by the ring; a ring that cannot open it is the wrong ring."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ring_key_id = models.CharField(max_length=64)
    sealed = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_canary")]

    def __str__(self) -> str:
        return f"sealed with {self.ring_key_id}"
