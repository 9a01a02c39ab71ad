from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
import zlib

import pytest

from connectors.tests.conftest import DRAWING
from connectors.uploads import Unfit, archives, inspect, picture, unpack

FILES = {"connector.json": b"{}", "job.py": b"print(1)\n"}
MEGABYTE = 1024 * 1024


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, **attributes: int) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            for attribute, value in attributes.items():
                setattr(member, attribute, value)
            archive.writestr(member, content)
    return file.getvalue()


def refusal(call, *given) -> str:
    with pytest.raises(Unfit) as caught:
        call(*given)
    return str(caught.value)


def png(width: int = 64, height: int = 64, more: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * (width + 1) * min(height, 9)))
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("around", ["", "numbers/", "a b/ü/"])
def test_a_folder_is_read_with_or_without_a_folder_around_it(around):
    files = {f"{around}{name}": content for name, content in FILES.items()}
    first = around.partition("/")[0] + "/" if around else ""
    assert unpack(packed(files)) == {name.removeprefix(first): content for name, content in files.items()}


def test_what_desktops_add_is_left_out():
    litter = {"__MACOSX/numbers/._job.py": b"x", "numbers/.DS_Store": b"x"}
    assert unpack(packed({**{f"numbers/{name}": text for name, text in FILES.items()}, **litter})) == FILES


@pytest.mark.parametrize(
    "name",
    [
        *("../job.py", "a/../../job.py", "/etc/passwd", "a//b", "./a", "C:job.py", "..\\job.py", "a\r\nb", "x\0.py"),
        *("a" * 300, "a/" * 300, "\u202egpj.py", "a?b", ".."),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name):
    # zipfile would cut the name at its NUL, so it is put in afterwards.
    archive = packed({**FILES, name.replace("\0", "\1"): b"x"}).replace(b"\1.py", b"\0.py")
    assert "name" in refusal(unpack, archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind):
    assert "It is a link" in refusal(unpack, packed({"job.py": b"/etc/passwd"}, external_attr=(kind | 0o777) << 16))


@pytest.mark.parametrize("pair", [("job.py", "JOB.py"), ("a", "a/b"), ("A/b", "a/B"), ("ﬁ", "fi")])
def test_two_files_for_one_place_are_refused(pair):
    assert "twice" in refusal(unpack, packed(dict.fromkeys(pair, b"x")))


def test_the_same_name_twice_is_refused():
    archive = packed({"a.py": b"harmless", "b.py": b"other"}).replace(b"b.py", b"a.py")
    assert "twice" in refusal(unpack, archive)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = packed({"rows.csv": bytes(30 * MEGABYTE)})
    assert len(bomb) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    assert "would unpack to 30 MB" in refusal(unpack, bomb)


def test_a_bomb_that_lies_about_its_size_yields_what_it_says_at_most():
    bomb = bytearray(packed({"rows.csv": bytes(30 * MEGABYTE)}))
    size = struct.pack("<I", 30 * MEGABYTE)
    while (at := bomb.find(size)) >= 0:
        bomb[at : at + 4] = struct.pack("<I", 1000)
    assert "damaged" in refusal(unpack, bytes(bomb))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_whose_output_cannot_be_bounded_are_refused(method):
    assert "rare way" in refusal(unpack, packed(FILES, method))


def test_an_archive_with_too_many_members_is_refused(monkeypatch):
    many = packed({f"{number}.py": b"" for number in range(201)})
    assert "more than 200 members" in refusal(unpack, many)
    monkeypatch.setattr(archives, "MOST_ENTRIES", 200)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("its table was read"))
    assert "more than 200 members" in refusal(unpack, many)


@pytest.mark.parametrize("content", [b"", b"no archive", packed(FILES)[:-30], packed({}), packed({"a/": b""})])
def test_what_is_no_archive_or_empty_is_refused(content):
    assert refusal(unpack, content)


def test_a_large_archive_is_refused():
    assert "larger than 20 MB" in refusal(unpack, bytes(20 * MEGABYTE + 1))


def test_an_encrypted_archive_is_refused():
    archive = bytearray(packed({"job.py": b"x"}))
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(unpack, bytes(archive))


CLASSES = packed({"META-INF/LICENSE": b"x", "META-INF/license/": b"", "Main.class": b"\xca\xfe\xba\xbe"})


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("clean_orders.py", b"from hub import context\n", "python"),
        ("a.py", "\ufeffprint('ü')\n".encode(), "python"),
        ("top.sql", b"SELECT 1", "sql"),
        ("job-1.2.jar", CLASSES, "jar"),
    ],
)
def test_a_job_is_what_its_name_says(name, content, kind):
    file = io.BytesIO(content)
    assert inspect(name, file) == kind
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("job.exe", b"x", "ending"),
        ("job", b"x", "ending"),
        ("../job.py", b"x = 1", "Name the file"),
        ("a\r\nb.py", b"x = 1", "Name the file"),
        (".py", b"x = 1", "Name the file"),
        ("job.py", b"", "empty"),
        ("job.py", CLASSES, "UTF-8"),
        ("job.py", b"x = 'a\0b'", "control characters"),
        ("job.py", b"def f(:\n", "line 1"),
        ("job.py", b"x = " + b"-" * 500_000 + b"1", "nested too deeply"),
        ("job.py", b"x = a" + b".a" * 400_000, "nested too deeply"),
        ("job.py", b"#" * MEGABYTE + b"#", "larger than 1 MB"),
        ("job.sql", b" \n", "empty"),
        ("job.sql", "SELECT 'ü'".encode("latin-1"), "UTF-8"),
        ("job.jar", b"print(1)", "no zip archive"),
        ("job.jar", packed({"a.txt": b"x"}), "without a class"),
        ("job.jar", packed({"../Main.class": b"x"}), "name"),
        ("job.jar", packed({"Main.class": bytes(200 * MEGABYTE)}), "would unpack to 200 MB"),
    ],
)
def test_a_job_that_is_something_else_is_refused(name, content, words):
    assert words in refusal(inspect, name, io.BytesIO(content))


def test_a_logo_is_known_by_its_content():
    assert picture(DRAWING.encode()).media_type == "image/svg+xml"
    assert picture(png()).media_type == "image/png"
    assert picture(png()).content == png()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not XML"),
        (b"GIF89a\xff", "SVG (in UTF-8) or a PNG"),
        (b"<html></html>", "does not start with <svg"),
        (DRAWING.replace("<rect", "<script>alert(1)</script><rect").encode(), "<script> is not allowed"),
        (DRAWING.replace("<rect", '<rect onload="x()"').encode(), "would run a script"),
        (f"<!DOCTYPE svg [<!ENTITY a 'b'>]>{DRAWING}".encode(), "DOCTYPE"),
        (b"<" * 70_000, "64 KB"),
        (png(2000, 64), "2000 x 64"),
        (png(8, 64), "8 x 64"),
        (png() + b"<script>", "hidden"),
        (png()[:-4], "damaged"),
        (png().replace(b"IDAT", b"IDOT"), "damaged"),
        (png(more=bytes(300_000)), "larger than 256 KB"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)
def test_a_logo_that_is_none_is_refused(content, words):
    assert words in refusal(picture, content)
