"""Saving views. The tests send pages' replies in the two ways of comms: in another thread, or between cells."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headscope import from_attentions
from headscope.contract import MESSAGE_BYTES
from headscope.export import pictures as saving
from headscope.widgets import views
from headscope.widgets.views import View

PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


@pytest.fixture
def capture() -> Any:
    weights = [np.full((heads, 3, 3), 1 / 3, dtype=np.float32) for heads in (2, 4, 2, 2)]
    return from_attentions(weights, [" a", " b", " c"], sentence_b_start=2)


@pytest.fixture(autouse=True)
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages draw pictures only where the extra `figures` is not installed."""
    monkeypatch.setattr(views, "can_draw", lambda: False)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The messages that views send to their pages, with their buffers."""
    messages: list[Any] = []
    monkeypatch.setattr(View, "send", lambda _view, content, buffers=None: messages.append((content, buffers)))
    return messages


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes a page reply to every request for a picture, from another thread."""

    def install(**answer: Any) -> None:
        def send(view: View, content: dict[str, Any], _buffers: Any = None) -> None:
            reply = {"type": "exported", "id": content["id"], **answer}
            tell(view, reply, [memoryview(PICTURE)])

        monkeypatch.setattr(View, "send", send)

    return install


def tell(view: View, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
    threading.Thread(target=view._handle_custom_msg, args=(content, buffers or [])).start()


def display_on_page(view: View) -> None:
    view._repr_mimebundle_()
    thread = threading.Thread(target=view._handle_custom_msg, args=({"type": "rendered"}, []))
    thread.start()
    thread.join()


def info(html: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html)
    return dict(json.loads(text))


def layers_in(html: str) -> set[str]:
    return set(re.findall(r'id="headscope-\w+-block-self-(\d+)"', html))


def test_a_page_shows_what_the_view_shows(capture: Any, tmp_path: Path) -> None:
    view = capture.matrix_view(layer=1, heads=[0, 3], query="b", pair="ab", theme="dark", top_k=2, threshold=0.25)
    view.scale, view.color_map, view.hide_sink, view.search = "log", "blues", True, "a"
    capture.selection.key = 2
    file = view.save(tmp_path / "figure.html")
    assert file == tmp_path / "figure.html"
    html = file.read_text(encoding="utf-8")
    wanted = {"view": "matrix", "layer": 1, "heads": [0, 3], "query": 1, "key": 2, "pair": "ab", "theme": "dark"}
    wanted |= {"top_k": 2, "threshold": 0.25, "scale": "log", "color_map": "blues"}
    wanted |= {"hide_sink": True, "search": "a", "direction": "out"}
    assert info(html).items() >= wanted.items()
    assert layers_in(html) == {"0", "1", "2", "3"}


@pytest.mark.parametrize(
    ("options", "layers", "held", "shown"),
    [
        ({"layer": 2}, None, {"0", "1", "2", "3"}, 2),
        ({"layer": 2}, "all", {"0", "1", "2", "3"}, 2),
        ({"layer": 2}, "shown", {"2"}, 2),
        ({"layer": 2}, [0, 1], {"0", "1"}, 0),
        ({"layer": 2}, [0, 2], {"0", "2"}, 2),
        ({"include_layers": [1, 3]}, "all", {"1", "3"}, 1),
    ],
)
def test_the_layers_of_a_page(
    capture: Any, tmp_path: Path, options: dict[str, Any], layers: Any, held: set[str], shown: int
) -> None:
    file = capture.head_view(**options).save(str(tmp_path / "figure.HTML"), layers=layers)
    assert layers_in(file.read_text()) == held
    assert info(file.read_text())["layer"] == shown


@pytest.mark.parametrize("kind", ["head", "model", "matrix", "neuron", "text", "explorer"])
def test_every_view_is_saved_as_a_page(capture: Any, tmp_path: Path, kind: str) -> None:
    view = capture.explorer() if kind == "explorer" else getattr(capture, f"{kind}_view")()
    assert info(view.save(tmp_path / "a.html").read_text())["view"] == kind


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("figure.gif", {}, ValueError, r"'figure.gif' ends in '.gif': a view is saved as .html, .svg, .pdf or .png"),
        ("figure", {}, ValueError, "'figure' has no ending"),
        ("missing/figure.svg", {}, FileNotFoundError, "the folder .*missing' for 'figure.svg' does not exist"),
        ("figure.svg", {"layers": [1]}, ValueError, "layers is for .html files"),
        ("figure.html", {"layers": [4]}, ValueError, "layers 4 is out of range"),
        ("figure.html", {"layers": []}, ValueError, "layers is empty"),
        ("figure.html", {"layers": "some"}, ValueError, "layers is 'some'; it can be"),
        ("figure.png", {"scale": 0}, ValueError, "scale is 0"),
        ("figure.png", {"scale": "2"}, ValueError, "scale is '2'"),
    ],
)
def test_invalid_paths_and_scales_are_refused(
    capture: Any, tmp_path: Path, name: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    view = capture.head_view()
    display_on_page(view)
    with pytest.raises(error, match=message):
        view.save(tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_a_str_or_a_path(capture: Any) -> None:
    with pytest.raises(TypeError, match="a str or a Path, not int"):
        capture.head_view().save(3)


@pytest.mark.parametrize("name", ["figure.svg", "figure.png"])
def test_a_picture_needs_a_page(capture: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeError, match=r"display the view first, save it as \.html, or pip install"):
        capture.head_view().save(tmp_path / name)


def test_saving_waits_for_a_picture_that_can_arrive_at_once(
    capture: Any, tmp_path: Path, page: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    page()
    view = capture.head_view()
    display_on_page(view)
    assert view.save(tmp_path / "figure.svg").read_bytes() == PICTURE
    assert capsys.readouterr().out == ""


def test_saving_waits_for_a_page_that_is_about_to_show_the_view(
    capture: Any, tmp_path: Path, page: Callable[..., None]
) -> None:
    page()
    view = capture.head_view()
    view._repr_mimebundle_()
    tell(view, {"type": "rendered"})
    assert view.save(tmp_path / "figure.svg").read_bytes() == PICTURE


def test_saving_waits_after_a_first_message_before_the_message_thread(
    capture: Any, tmp_path: Path, page: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    page()
    view = capture.head_view()
    view._handle_custom_msg({"type": "rendered"}, [])  # in this thread
    thread = threading.Thread(target=view.store._handle_custom_msg, args=({"type": "here"}, []))
    thread.start()
    thread.join()
    assert view.save(tmp_path / "figure.svg").read_bytes() == PICTURE
    assert capsys.readouterr().out == ""


def test_a_page_s_error_is_raised(capture: Any, tmp_path: Path, page: Callable[..., None]) -> None:
    page(type="export-error", message="The picture is too large.")
    view = capture.head_view()
    display_on_page(view)
    with pytest.raises(RuntimeError, match=r"'figure.svg' was not saved: The picture is too large\."):
        view.save(tmp_path / "figure.svg")
    assert not (tmp_path / "figure.svg").exists()


def test_a_picture_that_can_t_arrive_before_the_cell_ends_is_written_later(
    capture: Any, tmp_path: Path, sent: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    view = capture.head_view()
    view._handle_custom_msg({"type": "rendered"}, [])  # in this thread: the kernel has no thread for messages
    file = view.save(tmp_path / "figure.png", scale=3)
    assert not file.exists()
    assert f"{file} will be written once the view's page has drawn it" in capsys.readouterr().out
    [(request, _)] = sent
    assert request == {"type": "export", "id": request["id"], "format": "png", "scale": 3.0}
    answer = {"type": "exported", "id": request["id"]}
    view._handle_custom_msg(answer, [memoryview(b"first")])
    view._handle_custom_msg(answer, [memoryview(b"another page's")])
    assert file.read_bytes() == b"first"


def test_a_late_error_is_raised_where_the_reply_arrives(capture: Any, tmp_path: Path, sent: list[Any]) -> None:
    view = capture.head_view()
    view._handle_custom_msg({"type": "rendered"}, [])
    view.save(tmp_path / "figure.svg")
    with pytest.raises(RuntimeError, match="not saved: no"):
        view._pictures.receive({"type": "export-error", "id": sent[0][0]["id"], "message": "no"}, [])


def test_saving_does_not_wait_forever(
    capture: Any, tmp_path: Path, sent: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(saving, "WAIT_SECONDS", 0.01)
    view = capture.head_view()
    display_on_page(view)
    view.save(tmp_path / "figure.svg")
    assert len(sent) == 1
    assert "will be written once" in capsys.readouterr().out


def test_a_page_can_request_a_standalone_page(capture: Any, sent: list[Any]) -> None:
    view = capture.head_view(layer=2)
    view._handle_custom_msg({"type": "export-html", "id": "p-1", "layers": "shown"}, [])
    [(message, [part])] = sent
    assert message == {"type": "html", "id": "p-1", "done": True}
    assert layers_in(part.decode()) == {"2"}


def test_a_large_page_comes_in_parts(sent: list[Any]) -> None:
    weights = np.random.default_rng(0).random((4, 400, 400)).astype(np.float32)
    view = from_attentions([weights] * 3, ["x"] * 400).head_view()
    view._handle_custom_msg({"type": "export-html", "id": "p-1", "layers": "all"}, [])
    assert len(sent) > 1
    assert [message["done"] for message, _ in sent] == [False] * (len(sent) - 1) + [True]
    assert max(len(part) for _, [part] in sent) <= MESSAGE_BYTES
    assert layers_in(b"".join(part for _, [part] in sent).decode()) == {"0", "1", "2"}


def test_a_page_that_can_t_be_made_is_answered_with_an_error(capture: Any, sent: list[Any]) -> None:
    view = capture.head_view()
    capture.maps["self"].records = ()  # breaks the capture
    view._handle_custom_msg({"type": "export-html", "id": "p-1", "layers": "all"}, [])
    [(message, buffers)] = sent
    assert (message["type"], message["id"], buffers) == ("error", "p-1", [])
