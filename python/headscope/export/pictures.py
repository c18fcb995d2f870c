"""Save views: the kernel writes pages by itself; pictures are drawn by a page that shows the view."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from headscope.contract import MESSAGE_BYTES, PictureFormat
from headscope.contract_messages import ErrorMessage, ExportMessage, HtmlMessage
from headscope.data.check_options import check_layers
from headscope.export.figures.needed import INSTALL
from headscope.export.html import PageView, page_html, page_view
from headscope.options import KEYWORDS
from headscope.writing import write

if TYPE_CHECKING:
    from headscope.export.shown_view import ShownView

PAGE = ".html"
PICTURES: dict[str, PictureFormat] = {".svg": "svg", ".png": "png"}
ENDINGS = (PAGE, ".svg", ".pdf", ".png")
"""The formats in which views and comparisons are saved."""

WAIT_SECONDS = 5.0
"""How long `save` waits for a page to draw a picture."""

MAX_SCALE = 8.0

Layers: TypeAlias = "Literal['all', 'shown'] | Sequence[int]"


def check_scale(scale: Any) -> float:
    """Return the PNG pixels per CSS pixel as a float; raise ValueError unless 0 < scale <= MAX_SCALE."""
    if isinstance(scale, bool) or not isinstance(scale, Real) or not 0 < float(scale) <= MAX_SCALE:
        raise ValueError(f"scale is {scale!r}; it can be from above 0 to {MAX_SCALE:g} pixels for a pixel of the page")
    return float(scale)


def page_of(view: ShownView, layers: Layers = "all", *, title: str | None = None, caption: str | None = None) -> str:
    """Return a standalone page that shows what a view shows now.

    Raises
    ------
    ValueError
        The capture or the view does not have one of the layers.
    """
    part = page_part(view, layers)
    name = f"{view.shown_name}: attention" if title is None else title
    return page_html([part], title=name, caption=caption)


def page_part(view: ShownView, layers: Layers = "all", link: str = "") -> PageView:
    """Return what a view shows now as a part of a page; `link` is as in `page_view`."""
    store = view.store
    state = view.place() | {name: getattr(view, name) for name in KEYWORDS[view.view] if view.has_trait(name)}
    state["include_layers"] = _included(view, layers)
    if state["include_layers"] is not None and state["layer"] not in state["include_layers"]:
        del state["layer"]
    return page_view(store.capture, view.view, state, link=link)


def _included(view: ShownView, layers: Layers) -> list[int] | None:
    if isinstance(layers, str):
        if layers == "shown":
            return [view.layer]
        if layers != "all":
            raise ValueError(f"layers is {layers!r}; it can be 'all', 'shown', or layers such as [0, 5]")
        return list(view.include_layers) or None
    return check_layers("layers", layers, view.store.capture)


def page_messages(view: ShownView, content: dict[str, Any]) -> Iterator[tuple[HtmlMessage | ErrorMessage, list[bytes]]]:
    """Yield the reply to a request for a standalone page, in messages of at most MESSAGE_BYTES, or an error message."""
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
    """A requested picture."""

    path: Path
    message: ExportMessage
    waits: bool = True
    """Whether `Pictures.save` still waits for it and will raise its error."""
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Pictures:
    """Pictures of one view, drawn by the pages that show it.

    A page's replies arrive in the thread for widget messages if the kernel has one. Otherwise they arrive in the main
    thread between cells, and waiting for them there would block them.

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
        """Whether a page shows the view or is about to."""

    def save(self, path: Path, scale: float, last_message_thread: int | None = None) -> None:
        """Request a picture, and wait up to WAIT_SECONDS for it unless it can only arrive after this cell.

        A picture that arrives later is written then.

        Parameters
        ----------
        path
            The file to write.
        scale
            PNG pixels per CSS pixel.
        last_message_thread
            The thread that handled the last message from the capture's pages; None before the first. The first message
            may come in the main thread, before the front end has a thread for messages.

        Raises
        ------
        RuntimeError
            The view has not been displayed, or its page can't draw it.
        OSError
            The file can't be written.
        """
        if not (self.displayed or self._rendered):
            raise RuntimeError(
                f"no page shows the view, so none can draw {path.name!r}: display the view first, save it as .html, or "
                f"{INSTALL}"
            )
        wanted = self._ask(path, scale)
        if {self._listens_in, last_message_thread} - {None} != {threading.get_ident()}:
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
        """Handle a page's message: it shows the view, or it sends a requested picture or an error."""
        self._listens_in = threading.get_ident()
        if content.get("type") == "rendered":
            self._begin()
        elif content.get("type") in ("exported", "export-error"):
            with self._lock:
                wanted = self._wanted.pop(str(content.get("id")), None)
            if wanted is not None:
                self._settle(wanted, content, buffers)

    def _begin(self) -> None:
        """Ask the first page that shows the view for the pictures requested so far."""
        with self._lock:
            waiting = [] if self._rendered else [wanted.message for wanted in self._wanted.values()]
            self._rendered = True
        for message in waiting:
            self._send(message)

    def _settle(self, wanted: Wanted, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        try:
            if content["type"] == "export-error":
                raise RuntimeError(f"{wanted.path.name!r} was not saved: {content.get('message')}")
            write(wanted.path, bytes(buffers[0]))
        except Exception as error:
            wanted.error = error
        with self._lock:
            wanted.done.set()
            alone = not wanted.waits
        if alone and wanted.error is not None:
            raise wanted.error
