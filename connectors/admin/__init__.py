"""The catalogue for the platform's staff."""

from connectors.admin import catalogue, sparkjobs

__all__ = ["catalogue", "sparkjobs"]
