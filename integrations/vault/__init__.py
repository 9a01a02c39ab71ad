"""Secrets at rest: a ring of keys wraps a data key per tenant, and the data key seals each value where it stands."""


class Unreadable(Exception):
    """A sealed value does not open here: wrong place, wrong key, or altered."""
