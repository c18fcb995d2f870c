"""Widgets that handle messages in the kernel's subshell threads while a cell runs."""

from __future__ import annotations

import sys
import threading
from typing import Any

import anywidget
from IPython import get_ipython

DEFAULT_SWITCH_SECONDS = 0.005
"""Python's default switch interval: how long a thread keeps the GIL while others wait for it."""

SWITCH_SECONDS = 0.0001
"""The switch interval where messages are handled while a cell runs."""


class SubshellWidget(anywidget.AnyWidget):
    """A widget that handles a message in whichever thread the front end sends it to.

    JupyterLab sends widget messages to a subshell, which has a thread of its own. ipykernel 7.4 and later override
    that: a message goes to the thread that last sent one to the page, most often the one that runs cells, and waits
    there for the end of the cell. Handlers here work in any thread, so what ipykernel remembers of it is dropped.
    """

    def open(self) -> None:
        """Open the widget's comm."""
        shorten_switch_interval()
        super().open()
        _forget_subshells(self.comm)

    @property
    def uses_subshells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return True

    def _handle_msg(self, msg: Any) -> None:
        loop = None if self.uses_subshells else _main_loop()
        if loop is None:
            super()._handle_msg(msg)
        else:
            loop.add_callback(super()._handle_msg, msg)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        _forget_subshells(self.comm)


def shorten_switch_interval() -> None:
    """Let threads that answer pages take the GIL soon while a cell runs, unless the user has set the interval.

    A thread that wants the GIL requests it after waiting for one switch interval, five milliseconds by default. A cell
    that releases the GIL for some microseconds more often than that, for a file or a line of output, takes it back
    before the waiting thread wakes up, and would keep it until the cell ends.
    """
    if abs(sys.getswitchinterval() - DEFAULT_SWITCH_SECONDS) < SWITCH_SECONDS / 2:
        sys.setswitchinterval(SWITCH_SECONDS)


def _main_loop() -> Any:
    """Return the loop of the thread that runs cells, which is free between them; None in that thread itself."""
    if threading.current_thread() is threading.main_thread():
        return None
    return getattr(getattr(get_ipython(), "kernel", None), "io_loop", None)


def _forget_subshells(comm: Any) -> None:
    """Drop what `ipykernel.comm.BaseComm` remembers about threads, if it does; there is no public name for it."""
    remembered = getattr(comm, "__dict__", {})
    remembered.pop("_reply_subshell_id", None)
    remembered.get("_reply_subshell_ids", {}).clear()
