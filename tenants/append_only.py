"""The database's own refusal to change or shorten the audit trail, whoever asks in whatever way."""

from __future__ import annotations

TABLE = "tenants_auditevent"
WORDS = "The audit trail is only ever added to."

SQLITE = {
    "audit_keeps_rows_as_they_are": f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END",
    "audit_keeps_rows": f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END",
    # INSERT OR REPLACE would take the old row away without asking the trigger above.
    "audit_replaces_no_row": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "  # noqa: S608
        "BEGIN SELECT RAISE(IGNORE); END"
    ),
}
REFUSE = (
    "CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{WORDS}'; END $$"
)

CREATE: dict[str, list[str]] = {
    "sqlite": [f"CREATE TRIGGER {name} {body}" for name, body in SQLITE.items()],
    "postgresql": [
        REFUSE,
        f"CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    ],
}
DROP: dict[str, list[str]] = {
    "sqlite": [f"DROP TRIGGER {name}" for name in SQLITE],
    "postgresql": [f"DROP TRIGGER audit_keeps_rows ON {TABLE}"],
}
