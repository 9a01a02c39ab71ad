import json
import os
import sys
import time

import psutil
import pytest

from bench import __main__ as program
from bench.__main__ import exit_code, measured, parser
from bench.figures import BenchError, Figure, Part, at_most

HELD, MISSED = Figure("a figure", 1, "ms", at_most(2)), Figure("a figure", 3, "ms", at_most(2))


def test_a_part_that_breaks_off_keeps_its_figures_and_says_why(monkeypatch):
    def broken(*, quick):
        yield HELD
        raise BenchError("n8n did not start")

    monkeypatch.setitem(program.PARTS, "fake", ("The fake", broken))
    assert measured("fake", quick=True) == Part("The fake", (HELD,), "n8n did not start")


@pytest.mark.parametrize(
    ("part", "is_strict", "code"),
    [
        (Part("held", (HELD,)), True, 0),
        (Part("missed", (MISSED,)), False, 0),
        (Part("missed", (MISSED,)), True, 1),
        (Part("broken", (HELD,), "why"), False, 1),
    ],
)
def test_a_missed_aim_counts_when_it_is_asked_for_and_an_error_always(part, is_strict, code):
    assert exit_code([part], is_strict=is_strict) == code


def test_an_unknown_part_is_named_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["--only", "fake,sparc"])
    assert "no part sparc; there are fake, n8n, spark, scale, pages, memory, start" in capsys.readouterr().err


@pytest.fixture
def bench(tmp_path):
    command = [sys.executable, "-m", "bench", "--only", "fake", "--quick"]
    with (tmp_path / "output").open("w") as output:
        environment = {**os.environ, "HUB_VAR_DIR": str(tmp_path)}
        process = psutil.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(90)


@pytest.mark.processes
@pytest.mark.timeout(330)
def test_the_fake_part_prints_its_page_and_leaves_nothing_behind(bench, tmp_path):
    started = set()
    deadline = time.monotonic() + 220
    while bench.poll() is None and time.monotonic() < deadline:
        started |= set(bench.children(recursive=True))
        time.sleep(0.2)
    output = (tmp_path / "output").read_text()
    assert bench.poll() == 0, output
    [part] = json.loads((tmp_path / "bench.json").read_text())["parts"]
    assert (len(part["figures"]), part["error"]) == (5, "")
    assert all(figure["name"] in output for figure in part["figures"])
    assert started
    assert not [process for process in started if process.is_running()]
