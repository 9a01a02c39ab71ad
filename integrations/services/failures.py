"""What became of a failure: retried or final, in words, without a secret."""

from __future__ import annotations

import random
from datetime import timedelta

from integrations.domain import Failure, Json, Origin
from integrations.masking import Mask
from integrations.services.errors import Invalid, Refused
from integrations.vault import Unreadable

RETRY_SECONDS = 4
LONGEST_RETRY_SECONDS = 300
LONGEST_STUMBLE_SECONDS = 10


def masked(failure: Failure, mask: Mask) -> Json:
    """Return the failure as JSON with the run's secrets taken out, wherever they stand in it."""
    cleaned: Json = mask.json(failure.as_json())
    return cleaned


def retry_after(failure: Failure, attempt: int) -> timedelta:
    """Wait before the next attempt: what the service asked for, else twice as long each time, give or take a fifth."""
    asked = failure.detail.get("retry_after")
    seconds = float(asked) if asked else RETRY_SECONDS * 2 ** (attempt - 1)
    return timedelta(seconds=min(LONGEST_RETRY_SECONDS, seconds) * random.uniform(1.0, 1.2))  # noqa: S311


def stumble_pause(stumbles: int) -> float:
    """Seconds before a failed step is tried again."""
    usual: float = min(LONGEST_STUMBLE_SECONDS, 0.5 * 2 ** min(stumbles, 10))
    return usual * random.uniform(0.8, 1.2)  # noqa: S311


def of_preparation(error: Invalid | Refused | Unreadable) -> Failure:
    """Tell why a run could not even be put together."""
    match error:
        case Invalid():
            return Failure(
                "invalid_config", Origin.SETTINGS, str(error), "prepare", "Correct the integration's settings."
            )
        case Refused():
            return Failure(error.code, Origin.SETTINGS, error.detail, fix=error.fix)
        case Unreadable():
            return Failure(
                "credential_unreadable",
                Origin.HUB,
                "The integration's credential cannot be opened.",
                "prepare",
                "Enter its secrets again, or give the hub the key it was sealed with: see `manage.py doctor`.",
            )


def of_the_hub(error: Exception) -> Failure:
    """Tell of an error that is the hub's own; what it says stays in the log, since it may hold anything."""
    return Failure(
        "hub_error",
        Origin.HUB,
        f"The hub itself failed ({type(error).__name__}).",
        fix="Look for the run's id in the worker's log and report what it says.",
    )


def lost(reason: str) -> Failure:
    return Failure("lost", Origin.ENGINE, reason, fix="Run it again; check first what the service already received.")


def timed_out(seconds: int) -> Failure:
    return Failure(
        "timed_out",
        Origin.SETTINGS,
        f"The run did not end within {seconds} s, its time limit, and was ended.",
        fix="Raise the integration's time limit, or have it do less in one run.",
    )
