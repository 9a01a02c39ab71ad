"""The schema dialect of credentials and configurations: JSON Schema 2020-12 with secrets, datasets and hints for forms.

Objects that declare properties are closed unless they say `additionalProperties`: a field nobody declared is an error.
"""

from connectors.schemas.datasets import references
from connectors.schemas.dialect import check
from connectors.schemas.filling import defaults
from connectors.schemas.importing import normalise
from connectors.schemas.masking import holds_secret, is_secret, mask, replace_secrets, secrets, unmask
from connectors.schemas.shape import (
    branches,
    chosen,
    constant,
    discriminator,
    fields,
    item_schema,
    kinds,
    pick,
    property_schema,
)
from connectors.schemas.splitting import has_fields, split
from connectors.schemas.validation import is_uuid, validate
from connectors.schemas.values import FieldError, Reference, below

__all__ = [
    "FieldError",
    "Reference",
    "below",
    "branches",
    "check",
    "chosen",
    "constant",
    "defaults",
    "discriminator",
    "fields",
    "has_fields",
    "holds_secret",
    "is_secret",
    "is_uuid",
    "item_schema",
    "kinds",
    "mask",
    "normalise",
    "pick",
    "property_schema",
    "references",
    "replace_secrets",
    "secrets",
    "split",
    "unmask",
    "validate",
]
