"""Why an upload is not taken."""

from __future__ import annotations


class Unfit(ValueError):
    """Says what is wrong with the upload and what to do, in words for the one who uploaded it."""
