"""Names of controls: the form's prefix and a JSON pointer, so that each control says which part of the document it is.

In a pointer `~` is always followed by 0 or 1. Other letters behind it mark the controls that go with a field.
"""

from __future__ import annotations

import re

ACTION = "_action"
NOTHING = "~e"  # what an empty control stands for, as JSON; empty: the field is left out. Proof that it was shown.
OPENED = "~o"  # this object is given
ITEMS = "~i"  # the items of a list or the rows of a map that were shown, in their order
ROWS = "~m"  # the rows of a map, beside the fields that an object declares
KEY = "~n"  # the name a row is given
WAS = "~k"  # the name a row had when it was shown
ORDER = "~s"  # the order several ticked boxes had
ZONE = "~z"  # the zone of a date and time
JSON_TEXT = "~j"  # this control holds JSON, whatever the schema expects
DROP = "~d"  # take this kept secret away


def dom_id(name: str) -> str:
    """A name as an id: without spaces, and two names never have the same."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f".{ord(found[0]):x}." if found[0] != "/" else ".", name)


def humanised(name: str) -> str:
    """api_key -> Api key"""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").split()
    return " ".join(words).capitalize() if words else name
