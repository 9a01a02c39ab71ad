"""Everything the hub keeps, to look at. Changes go through the API, where they are checked and recorded."""

from integrations.admin import rows, runs

__all__ = ["rows", "runs"]
