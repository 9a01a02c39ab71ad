import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.processes

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
FILL = """
from integrations.models import Credential
from integrations.testing import KEY, fake_connector
from tenants.models import Tenant
for slug in ("acme", "globex"):
    tenant = Tenant.objects.create(slug=slug, name=slug)
    connector = fake_connector("keyed", credential=KEY)
    Credential.everywhere.create(tenant=tenant, connector=connector, name="Mine", data={"key": f"secret of {slug}"})
"""
READ = """
from integrations.models import Credential
print([row.data["key"] for row in Credential.everywhere.order_by("tenant__slug")])
"""


def drill() -> list[str]:
    """The two blocks of docs/operations.md: what is done on the old machine, and what on the new one."""
    text = (settings.BASE_DIR / "docs/operations.md").read_text()
    section = text.partition("### Restore drill")[2].partition("\n## ")[0]
    return re.findall(r"```bash\n(.*?)```", section, re.DOTALL)


def on(machine: Path, backup: Path, command: list[str], keys: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "HUB_STORAGE_URL")}
    ours = {"HUB_VAR_DIR": str(machine), "BACKUP": str(backup), "HUB_KEYS": keys, "SECRET_KEY": f"of {machine.name}"}
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=kept | ours | path | more,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_new_machine_with_the_ring_opens_what_the_old_one_sealed(tmp_path: Path) -> None:
    old, new, backup = (tmp_path / name for name in ("old", "new", "backup"))
    old.mkdir()
    backup.mkdir()
    ring = f"k1={ONE}"
    away, back = drill()
    for step in (["migrate", "-v0"], ["rotate_keys"], ["shell", "-v0", "-c", FILL]):
        made = on(old, backup, [sys.executable, "manage.py", *step], ring)
        assert made.returncode == 0, made.stderr

    dumped = on(old, backup, ["bash", "-euc", away], ring)
    assert dumped.returncode == 0, dumped.stderr
    restored = on(new, backup, ["bash", "-euc", back], f"k2={TWO},k1={ONE}")

    assert restored.returncode == 0, restored.stderr
    assert "All 2 sealed values open." in restored.stdout
    opened = on(new, backup, [sys.executable, "manage.py", "shell", "-v0", "-c", READ], ring)
    assert opened.stdout.strip() == "['secret of acme', 'secret of globex']"
    refused = on(new, backup, ["bash", "-euc", back], f"k2={TWO}")
    assert refused.returncode != 0
    assert "'k1', which the ring does not have" in refused.stderr
