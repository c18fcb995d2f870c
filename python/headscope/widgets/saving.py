"""Views as files: pages, which the kernel writes by itself, and pictures, which a page that shows the view draws."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from headscope.contract import MESSAGE_BYTES, ErrorMessage, ExportMessage, HtmlMessage, PictureFormat
from headscope.export import standalone_html
from headscope.options import OPTIONS, check_layers

if TYPE_CHECKING:
    from headscope.widgets.views import View

PAGE = ".html"
PICTURES: dict[str, PictureFormat] = {".svg": "svg", ".png": "png"}

WAIT_SECONDS = 5.0
"""How long `save` waits for a page to draw a picture."""

MOST_SCALE = 8.0

Layers: TypeAlias = "Literal['all', 'shown'] | Sequence[int]"


def check_path(path: Any) -> Path:
    """Return where a file is to be written, or raise for what is no such place."""
    if not isinstance(path, (str, Path)):
        raise TypeError(f"save takes a path, a str or a Path, not {type(path).__name__}")
    place = Path(path).absolute()
    known = (PAGE, *PICTURES)
    if place.suffix.lower() not in known:
        ending = f"ends in {place.suffix!r}" if place.suffix else "has no ending"
        raise ValueError(f"{place.name!r} {ending}: a view is saved as {', '.join(known[:-1])} or {known[-1]}")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(place.parent)!r} to save {place.name!r} in: make it first")
    return place


def check_scale(scale: Any) -> float:
    """Return how many pixels a PNG has for a CSS pixel, or raise ValueError for what can't be that."""
    if isinstance(scale, bool) or not isinstance(scale, Real) or not 0 < float(scale) <= MOST_SCALE:
        raise ValueError(f"scale is {scale!r}; it can be from above 0 to {MOST_SCALE:g} pixels for a pixel of the page")
    return float(scale)


def page_of(view: View, layers: Layers = "all") -> str:
    """Return a standalone page that shows what a view shows now.

    Raises
    ------
    ValueError
        Layers that the capture or the view does not have.
    """
    store = view.store
    state = store.place() | {name: getattr(view, name) for name in OPTIONS[view.view] if view.has_trait(name)}
    state["include_layers"] = _included(view, layers)
    if state["include_layers"] is not None and state["layer"] not in state["include_layers"]:
        del state["layer"]
    return standalone_html(store.capture, view.view, **state)


def _included(view: View, layers: Layers) -> list[int] | None:
    if isinstance(layers, str):
        if layers == "shown":
            return [view.layer]
        if layers != "all":
            raise ValueError(f"layers is {layers!r}; it can be 'all', 'shown', or layers such as [0, 5]")
        return list(view.include_layers) or None
    return check_layers("layers", layers, view.store.capture)


def page_messages(view: View, content: dict[str, Any]) -> Iterator[tuple[HtmlMessage | ErrorMessage, list[bytes]]]:
    """Yield the answer to a page that asks for a standalone page of a view; whatever goes wrong is answered too."""
    id_ = str(content.get("id"))
    try:
        page = page_of(view, "shown" if content.get("layers") == "shown" else "all").encode()
        for start in range(0, len(page), MESSAGE_BYTES):
            stop = start + MESSAGE_BYTES
            yield {"type": "html", "id": id_, "done": stop >= len(page)}, [page[start:stop]]
    except Exception as error:
        yield {"type": "error", "id": id_, "message": f"{type(error).__name__}: {error}"}, []


@dataclass
class Wanted:
    """A picture that has been asked for."""

    path: Path
    message: ExportMessage
    waits: bool = True
    """Whether somebody waits for it, and is told of errors."""
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Pictures:
    """Pictures of one view, drawn by the pages that show it.

    A page's answers come in the thread for widgets' messages, where there is one; else they come between cells, in the
    main thread, where waiting for them would keep them from coming.

    Parameters
    ----------
    send
        Sends a message to the view's pages.
    """

    def __init__(self, send: Callable[[ExportMessage], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._wanted: dict[str, Wanted] = {}
        self._rendered = False
        self._listens_in: int | None = None
        self.displayed = False
        """Whether the view is, or is about to be, on a page."""

    def save(self, path: Path, scale: float, heard_in: int | None = None) -> None:
        """Ask for a picture and wait for it, where it can arrive; else it is written when it does.

        `heard_in` is the thread in which the capture's pages were heard of last, None where they never were: the first
        message of a page may come in the main thread, before its front end has a thread for them.

        Raises
        ------
        RuntimeError
            The view has not been displayed, or its page can't draw it.
        OSError
            The file can't be written.
        """
        if not (self.displayed or self._rendered):
            raise RuntimeError(
                f"the view is on no page that could draw {path.name!r}: display the view first, or save it as .html"
            )
        wanted = self._ask(path, scale)
        if {self._listens_in, heard_in} - {None} != {threading.get_ident()}:
            wanted.done.wait(WAIT_SECONDS)
        with self._lock:
            wanted.waits = False
        if wanted.error is not None:
            raise wanted.error
        if not wanted.done.is_set():
            print(f"{path} will be written once the view's page has drawn it, at the earliest after this cell.")

    def _ask(self, path: Path, scale: float) -> Wanted:
        id_ = uuid.uuid4().hex
        message: ExportMessage = {"type": "export", "id": id_, "format": PICTURES[path.suffix.lower()], "scale": scale}
        with self._lock:
            wanted = self._wanted[id_] = Wanted(path, message)
            rendered = self._rendered
        if rendered:
            self._send(message)
        return wanted

    def receive(self, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Take a page's message: that it shows the view, or a picture that was asked for."""
        self._listens_in = threading.get_ident()
        if content.get("type") == "rendered":
            self._begin()
        elif content.get("type") in ("exported", "export-error"):
            with self._lock:
                wanted = self._wanted.pop(str(content.get("id")), None)
            if wanted is not None:
                self._settle(wanted, content, buffers)

    def _begin(self) -> None:
        """Ask the first page that shows the view for what was wanted before."""
        with self._lock:
            waiting = [] if self._rendered else [wanted.message for wanted in self._wanted.values()]
            self._rendered = True
        for message in waiting:
            self._send(message)

    def _settle(self, wanted: Wanted, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        try:
            if content["type"] == "export-error":
                raise RuntimeError(f"{wanted.path.name!r} was not saved: {content.get('message')}")
            wanted.path.write_bytes(buffers[0])
        except Exception as error:
            wanted.error = error
        with self._lock:
            wanted.done.set()
            alone = not wanted.waits
        if alone and wanted.error is not None:
            raise wanted.error
