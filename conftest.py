"""What every test runs in: an environment of its own, set before Django's settings are read."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import django
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

ENGINES = {
    "fake": "integrations.engines.fake.FakeEngine",
    "n8n": "integrations.engines.n8n.engine.N8nEngine",
    "spark": "integrations.engines.spark.engine.SparkEngine",
}
REAL = ("n8n", "spark", "processes", "browser")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

pytest_plugins = ["tenants.testing", "connectors.testing", "integrations.testing", "embedded.n8n.testing"]


def prepare_environment() -> Path:
    """Set what the settings need. What the caller set wins; the folder is always this process's own."""
    folder = Path(tempfile.mkdtemp(prefix=f"hub-tests-{WORKER}-"))
    os.environ["HUB_VAR_DIR"] = str(folder)
    for name, value in {
        "DJANGO_SETTINGS_MODULE": "servicetsunami.settings",
        "SECRET_KEY": "only for tests",
        "HUB_KEYS": "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "HUB_LOG_LEVEL": "ERROR",
        "HUB_SECURE_COOKIES": "0",
        "HUB_BROKER_URL": "memory://",
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8,::1/128",
        "HUB_ENGINES": ",".join(f"{name}={path}" for name, path in ENGINES.items()),
        "DATABASE_URL": f"sqlite:///{folder / 'hub.sqlite3'}",
    }.items():
        os.environ.setdefault(name, value)
    return folder


VAR_DIR = prepare_environment()
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
django.setup()

hypothesis_settings.register_profile(
    "hub", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, derandomize=True
)
hypothesis_settings.load_profile("hub")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Keep SQLite's test database in a file: threads that share one in memory are refused instead of waiting."""
    from django.conf import settings  # noqa: PLC0415 - the environment comes first

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(VAR_DIR / "test.sqlite3")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:No directory at")  # static files are collected for production


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not os.environ["DATABASE_URL"].startswith("postgres"):
        away = [item for item in items if item.get_closest_marker("postgres")]
        config.hook.pytest_deselected(items=away)
        items[:] = [item for item in items if item not in away]
    for item in items:
        found = {name for name in REAL if item.get_closest_marker(name)}
        if found:
            # Real servers on a shared machine: one at a time, and a second chance.
            group = "processes" if "processes" in found else "engines"
            item.add_marker(pytest.mark.xdist_group(group))
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped; in CI every test runs. {report.longrepr}"
    return report
