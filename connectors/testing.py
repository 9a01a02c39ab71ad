"""Keeps each built-in's evidence honest: tests write it, and a run of them fails where it says anything else.

A test that shows that a connector works is marked `evidence(slug, kind, against)`. With `--write-evidence` those that
passed are written to the connectors' folders; without it, one that passes and is not in its connector's record, or is
in one of an earlier state of the folder, fails and says what to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from connectors import evidence
from connectors.evidence import Ran

BUILTIN = Path(__file__).resolve().parent / "builtin"
WRITE = "--write-evidence"
AGAIN = "Run `make evidence` and commit what it writes."
PROPERTY = "evidence"
Claims = dict[str, set[tuple[str, Ran]]]
"""What the collected tests are marked as, by test: each connector's slug with the line of its record."""
CLAIMS = pytest.StashKey[Claims]()
PASSED = pytest.StashKey[dict[str, set[Ran]]]()
FAILED = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(WRITE, action="store_true", help="write what passed to the built-in connectors' evidence.json")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "evidence(slug, kind, against): shows that a built-in works: proven or protocol, and against what"
    )
    passed: dict[str, set[Ran]] = defaultdict(set)
    config.stash[PASSED], config.stash[FAILED] = passed, set()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Before anything is deselected: then a file that was collected was collected whole.
    claims: Claims = defaultdict(set)
    for item in items:
        claims[_test(item)] |= set(_claimed(item))
    config.stash[CLAIMS] = claims


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    claimed = list(_claimed(item))
    if claimed and report.when == "call":
        report.user_properties.append((PROPERTY, [[slug, ran.test, ran.kind, ran.against] for slug, ran in claimed]))
        stale = [slug for slug, ran in claimed if ran not in evidence.read(BUILTIN / slug)]
        if report.passed and stale and not item.config.getoption(WRITE):
            report.outcome = "failed"
            report.longrepr = f"The evidence of {', '.join(stale)} does not hold {item.nodeid}. {AGAIN}"
    return report


@pytest.fixture(scope="session")
def claims(pytestconfig: pytest.Config) -> Claims:
    """What the tests of this session are marked as."""
    return pytestconfig.stash[CLAIMS]


class Recorder:
    """Gathers what passed, in the process that hears of every test."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for slug, test, kind, against in dict(report.user_properties).get(PROPERTY, []):  # type: ignore[attr-defined]
            if report.passed:
                self.config.stash[PASSED][slug].add(Ran(test, kind, against))
            elif report.failed:
                self.config.stash[FAILED].add(slug)

    def pytest_sessionfinish(self) -> None:
        for slug, ran in self.config.stash[PASSED].items():
            if slug not in self.config.stash[FAILED]:
                # What did not run this time still holds, unless the folder was changed since.
                evidence.write(BUILTIN / slug, {*ran, *evidence.read(BUILTIN / slug)})


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if config.getoption(WRITE) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config))


def _claimed(item: pytest.Item) -> Iterator[tuple[str, Ran]]:
    for mark in item.iter_markers("evidence"):
        slug, kind, against = mark.args
        yield slug, Ran(_test(item), kind, against)


def _test(item: pytest.Item) -> str:
    """The test's file and function: which of its cases ran is not kept, nor beside which others (`@group`)."""
    return item.nodeid.partition("[")[0].partition("@")[0]
