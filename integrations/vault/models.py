"""What the vault itself keeps: wrapped data keys of the tenants, and the canary that proves the ring."""

from __future__ import annotations

import uuid

from django.db import models

from tenants.scope import TenantOwned


class TenantKey(TenantOwned):
    """A tenant's data key, wrapped by a key of the ring.

    The one of the highest generation seals. Older ones still open, until nothing is sealed with them any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.PositiveIntegerField(default=1)
    ring_key_id = models.CharField(max_length=64)
    wrapped = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["tenant", "generation"], name="data_key_once_per_generation")]

    def __str__(self) -> str:
        return f"data key of {self.tenant_id}"


class VaultCanary(models.Model):
    """A known value sealed by the ring; a ring that cannot open it is the wrong ring.

    Its row is also the lock of the rotation: who wraps a new data key shares it, who changes the ring's key holds it
    alone.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ring_key_id = models.CharField(max_length=64)
    sealed = models.TextField()
    own_key = models.TextField(blank=True, help_text="the data key of what belongs to no tenant, wrapped by the ring")
    generation = models.PositiveIntegerField(default=1, help_text="of the data keys that are made now")
    is_resealing = models.BooleanField(default=False, help_text="values are being sealed anew, unless that broke off")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_canary")]

    def __str__(self) -> str:
        return f"sealed with {self.ring_key_id}"
