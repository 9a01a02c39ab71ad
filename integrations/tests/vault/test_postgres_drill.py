import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from embedded import postgres
from integrations.tests.vault.test_restore_drill import FILL, ONE, drill, on


@pytest.mark.postgres
def test_a_dump_of_postgresql_has_the_rows_of_all_tenants(tmp_path: Path) -> None:
    old, new, backup = (tmp_path / name for name in ("old", "new", "backup"))
    backup.mkdir()
    tools = {"PATH": f"{Path(sys.executable).parent}:{postgres.binaries() / 'bin'}:{os.environ['PATH']}"}
    away, back = (re.sub(r"# SQLite\. On PostgreSQL: (.*)\n(?:.*\\\n)*.*\n", r"\1\n", block) for block in drill())
    with postgres.running() as first, postgres.running() as second:
        steps = [[sys.executable, "manage.py", *step] for step in (["migrate", "-v0"], ["shell", "-v0", "-c", FILL])]
        for step in (*steps, ["bash", "-euc", away]):
            made = on(old, backup, step, f"k1={ONE}", DATABASE_URL=as_tools_read_it(first), **tools)
            assert made.returncode == 0, made.stderr
        restored = on(new, backup, ["bash", "-euc", back], f"k1={ONE}", DATABASE_URL=as_tools_read_it(second), **tools)

    assert "All 2 sealed values open." in restored.stdout, restored.stderr


def as_tools_read_it(url: str) -> str:
    """PostgreSQL's own tools take a socket's folder from the query alone."""
    folder, _, name = urlsplit(url).path.rpartition("/")
    return f"postgres://hub@/{name}?host={folder}"
