"""Secrets that stay where they are: a reference stands in their place, and is followed when a run needs the value."""
