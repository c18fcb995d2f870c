"""Whatever is written replaces what was there at once or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest

import headscope as hs
from headscope import writing
from headscope.writing import replacing, writable, write

NAMES = (
    "page.html",
    "picture.svg",
    "picture.pdf",
    "picture.png",
    "comparison.html",
    "comparison.pdf",
    "cat.attn.safetensors",
)
"""A file of each kind that the package writes."""


@pytest.fixture(scope="module")
def capture() -> hs.Capture:
    return hs.from_attentions([np.full((2, 3, 3), 1 / 3, dtype=np.float32)], list("abc"))


def save(capture: hs.Capture, path: Path) -> None:
    if path.name.startswith("comparison"):
        hs.compare(capture, capture).save(path)
    elif path.suffix == ".safetensors":
        capture.save(path)
    else:
        capture.head_view().save(path)


def fail(*_: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_was_there_stays_whole_where_writing_fails(
    capture: hs.Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, step: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    monkeypatch.setattr(writing.os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        save(capture, path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", NAMES)
def test_the_permissions_of_what_was_there_stay(capture: hs.Capture, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    path.chmod(0o600)
    save(capture, path)
    assert path.stat().st_size > 100
    assert stat.S_IMODE(path.stat().st_mode) == (0o600 if sys.platform != "win32" else 0o666)


def test_an_interrupt_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"old")

    def write_half() -> None:
        with replacing(path) as file:
            file.write(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["page.html"]


def test_of_two_writers_one_wins_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    contents = [bytes([number]) * 200_000 for number in range(4)]
    start = Barrier(len(contents))

    def write_often(content: bytes) -> None:
        start.wait()
        for _ in range(20):
            write(path, content)

    threads = [Thread(target=write_often, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_bytes() in contents
    assert path.read_bytes() in contents


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.svg", tmp_path / "link.svg"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


PLACES: dict[str, tuple[Callable[[str], Any], type[Exception], str]] = {
    "a folder": (lambda name: Path("folder") / name, IsADirectoryError, "is a folder: give it another name"),
    "a long name": (lambda name: "a" * 300 + name, ValueError, "a file's name can have 255"),
    "a null character": (lambda name: f"a\0{name}", ValueError, "holds a null character"),
    "a missing folder": (lambda name: Path("missing") / name, FileNotFoundError, "does not exist: create it first"),
    "bytes": (lambda name: name.encode(), TypeError, "takes a path, a str or a Path, not bytes"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_places_where_nothing_can_be_written_are_named(
    capture: hs.Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder" / name).mkdir(parents=True)
    make, error, words = PLACES[place]
    shown = hs.compare(capture, capture) if name.startswith("comparison") else capture.head_view()
    with pytest.raises(error, match=words):
        (capture if name.endswith("safetensors") else shown).save(make(name))
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("name", NAMES)
def test_halves_of_surrogate_pairs_are_written_as_unknown(tmp_path: Path, name: str) -> None:
    odd = hs.from_attentions([np.full((1, 2, 2), 0.5, dtype=np.float32)], ["a\ud800", "\udc00b"], name="\udfff")
    assert odd.name == "\ufffd"
    save(odd, tmp_path / name)
    assert (tmp_path / name).stat().st_size > 100


def test_pairs_of_surrogates_are_their_character() -> None:
    assert writable("a\ud83d\ude00\ud800") == "a\U0001f600\ufffd"
    assert writable("a\U0001f600") == "a\U0001f600"
