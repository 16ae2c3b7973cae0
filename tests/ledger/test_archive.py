from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tallystick.errors import LedgerError
from tallystick.store.archive import Archive

PAGE = b'{"data": [], "has_more": false, "next_page": null}' * 20


@given(st.binary(max_size=2000))
def test_a_page_comes_back_byte_for_byte(body: bytes) -> None:
    """Whatever a page holds, it is kept as it is, under one name, however often it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder))
        name = archive.keep(body)
        assert archive.keep(body) == name
        assert archive.body(name) == body
        assert [file.name for file in Path(folder).rglob("*") if file.is_file()] == [f"{name}.zst"]


def test_pages_of_another_content_have_another_name(tmp_path: Path) -> None:
    """The name of a page is the SHA-256 of its content, so that two pages never share one."""
    archive = Archive(tmp_path)
    assert archive.keep(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert archive.keep(PAGE) != archive.keep(PAGE + b" ")


def test_a_missing_page_is_an_error_of_the_ledger(tmp_path: Path) -> None:
    """A page that is not there is a LedgerError that names it."""
    with pytest.raises(LedgerError, match="0123abcd"):
        Archive(tmp_path).body("0123abcd")


def test_an_altered_page_is_an_error_of_the_ledger(tmp_path: Path) -> None:
    """Whichever byte of a page's file was changed, cut off or added, the page is refused and never read as another."""
    archive = Archive(tmp_path)
    name = archive.keep(PAGE)
    (file,) = tmp_path.rglob("*.zst")
    content = file.read_bytes()
    spoilt = [
        content[:index] + bytes([content[index] ^ flip]) + content[index + 1 :]
        for index in range(len(content))
        for flip in (1, 0x80, 0xFF)
    ]
    for bad in (b"", content[:-1], content[: len(content) // 2], b"not zstd", *spoilt):
        file.write_bytes(bad)
        try:
            assert archive.body(name) == PAGE, "what can be read is the page"
        except LedgerError as wrong:
            assert name in str(wrong)  # noqa: PT017 - either is right


def test_another_page_in_its_place_is_refused(tmp_path: Path) -> None:
    """A page's file that holds another, whole page is refused: the name must fit the content."""
    archive = Archive(tmp_path)
    first, second = archive.keep(b"one"), archive.keep(b"other")
    paths = {file.stem: file for file in tmp_path.rglob("*.zst")}
    paths[first].write_bytes(paths[second].read_bytes())
    with pytest.raises(LedgerError, match="altered"):
        archive.body(first)


@pytest.mark.parametrize("damaged", [b"", b"half", b"another"], ids=["empty", "cut short", "another page"])
def test_a_damaged_page_is_written_again(tmp_path: Path, damaged: bytes) -> None:
    """A page that lies in the archive damaged, as a power cut or a disk left it, is whole once it is kept anew."""
    archive, body = Archive(tmp_path), b'{"data": []}' * 50
    name = archive.keep(body)
    file = archive.path(name)
    contents = {b"half": file.read_bytes()[:20], b"another": archive.path(archive.keep(b"{}")).read_bytes()}
    file.write_bytes(contents.get(damaged, damaged))
    assert archive.keep(body) == name
    assert archive.body(name) == body
