"""Widgets whose pages are answered beside the user's cells, not after them."""

from __future__ import annotations

import sys
import threading
from typing import Any

import anywidget
from IPython import get_ipython

USUAL_SECONDS = 0.005
"""How long Python lets a thread run while others wait, unless it was told otherwise."""

TURN_SECONDS = 0.0001
"""How long it does so where pages are answered beside the cells."""


class BesideCells(anywidget.AnyWidget):
    """A widget that takes its pages' messages in whichever thread the front end sends them to.

    JupyterLab sends widgets' messages to a thread of their own, a subshell. ipykernel 7.4 and later overrule it: a
    message goes to the thread that last sent one to the page, which is most often the one that runs cells, and waits
    there for the cell's end. Handlers here work in any thread, so what ipykernel remembers of that is dropped.
    """

    def open(self) -> None:
        """Make the widget known to pages."""
        take_turns()
        super().open()
        _forget_senders(self.comm)

    @property
    def beside_cells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return True

    def _handle_msg(self, msg: Any) -> None:
        loop = None if self.beside_cells else _loop_of_cells()
        if loop is None:
            super()._handle_msg(msg)
        else:
            loop.add_callback(super()._handle_msg, msg)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        _forget_senders(self.comm)


def take_turns() -> None:
    """Let threads that answer pages have Python's lock soon while a cell runs.

    A thread that wants the lock asks for it once nobody has let go of it for the switch interval, five milliseconds. A
    cell that lets go of it for some microseconds more often than that, for a file or a line of output, and takes it
    again before the other thread wakes up, would keep it for itself until it ends. An interval of the user's own stays.
    """
    if abs(sys.getswitchinterval() - USUAL_SECONDS) < TURN_SECONDS / 2:
        sys.setswitchinterval(TURN_SECONDS)


def _loop_of_cells() -> Any:
    """Return the loop of the thread that runs cells, which is free between them; None in that thread itself."""
    if threading.current_thread() is threading.main_thread():
        return None
    return getattr(getattr(get_ipython(), "kernel", None), "io_loop", None)


def _forget_senders(comm: Any) -> None:
    """Drop what `ipykernel.comm.BaseComm` remembers, where it does: it has no public name."""
    remembered = getattr(comm, "__dict__", {})
    remembered.pop("_reply_subshell_id", None)
    remembered.get("_reply_subshell_ids", {}).clear()
