import pytest

from integrations.engines.spark import logs
from integrations.engines.spark.rundir import RunDirectory


@pytest.fixture
def write(tmp_path):
    def append(name, text):
        with (tmp_path / name).open("ab") as file:
            file.write(text)

    return append


def test_a_page_has_both_streams_and_its_cursor_goes_on_from_there(tmp_path, write):
    write("stdout", b"one\n")
    write("stderr", b"two\n")
    first = logs.page(RunDirectory(tmp_path), "", is_over=False)
    write("stdout", b"three\n")

    second = logs.page(RunDirectory(tmp_path), first.cursor, is_over=False)

    assert first.lines == ("one", "two")
    assert second.lines == ("three",)
    assert not second.is_last


def test_a_line_is_shown_when_it_is_whole(tmp_path, write):
    write("stdout", b"ha")
    first = logs.page(RunDirectory(tmp_path), "", is_over=False)
    write("stdout", b"lf\n")

    assert first.lines == ()
    assert logs.page(RunDirectory(tmp_path), first.cursor, is_over=False).lines == ("half",)


def test_the_last_line_of_a_driver_that_is_over_needs_no_end(tmp_path, write):
    write("stderr", b"killed in mid sen")

    page = logs.page(RunDirectory(tmp_path), "", is_over=True)

    assert page.lines == ("killed in mid sen",)
    assert page.is_last


def test_many_pages_lose_and_repeat_nothing(tmp_path, write, monkeypatch):
    monkeypatch.setattr(logs, "PAGE_BYTES", 64)
    written = [f"line {number} äöü" for number in range(50)]
    write("stdout", "".join(f"{line}\n" for line in written).encode())
    cursor, read = "", []

    while not (page := logs.page(RunDirectory(tmp_path), cursor, is_over=True)).is_last:
        read += page.lines
        cursor = page.cursor

    assert read + list(page.lines) == written


def test_a_line_longer_than_a_page_comes_in_parts(tmp_path, write, monkeypatch):
    monkeypatch.setattr(logs, "PAGE_BYTES", 4)
    write("stdout", b"abcdefgh")

    assert logs.page(RunDirectory(tmp_path), "", is_over=False).lines == ("abcd",)


@pytest.mark.parametrize("cursor", ["", "7", "a:b", "1:2:3", "-1:0"])
def test_a_cursor_that_is_none_starts_from_the_beginning(tmp_path, write, cursor):
    write("stdout", b"first\n")

    assert logs.page(RunDirectory(tmp_path), cursor, is_over=True).lines == ("first",)


def test_a_run_without_any_output_has_an_empty_last_page(tmp_path):
    assert logs.page(RunDirectory(tmp_path), "", is_over=True).is_last


@pytest.mark.parametrize("cursor", ["../../etc/passwd", f"{10**30}:0", "-1:0", "1", "1:2:3", "a:b"])
def test_a_cursor_that_is_no_place_means_the_beginning(tmp_path, write, cursor):
    write("stdout", b"one\n")

    assert logs.page(RunDirectory(tmp_path), cursor, is_over=True).lines == ("one",)
