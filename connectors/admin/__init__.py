"""The catalogue for the platform's staff."""

from connectors.admin import catalogue

__all__ = ["catalogue"]
