"""From what an engine wrote to one table of well-typed rows: read, tidy where needed, combine with earlier rows."""
