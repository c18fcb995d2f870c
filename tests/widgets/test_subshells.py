"""Pages' messages arrive in the thread to which the page sends them, whatever subshell ipykernel remembers."""

from __future__ import annotations

import threading
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ipykernel.comm.comm import BaseComm

from headscope import from_attentions
from headscope.widgets import subshells
from headscope.widgets.store import store_of


@pytest.fixture
def comm() -> Any:
    if not hasattr(BaseComm, "_reply_subshell_for"):
        pytest.skip("this ipykernel leaves the subshell to the page")
    comm = BaseComm(target_name="jupyter.widget", primary=False)
    comm._reply_subshell_id = None  # the state after a cell's message, or after a reply to a request
    comm._reply_subshell_ids["page-1"] = None
    return comm


@pytest.fixture
def capture() -> Any:
    return from_attentions([np.ones((1, 1, 1, 1))] * 2, ["a"])


@pytest.mark.parametrize("name", ["store", "view"])
def test_a_page_s_own_thread_is_kept(capture: Any, comm: Any, name: str) -> None:
    widget = store_of(capture) if name == "store" else capture.head_view()
    widget.comm = comm
    assert comm._reply_subshell_for({}, "the page's") is None
    widget.send({"type": "hello"})
    assert comm._reply_subshell_for({}, "the page's") == "the page's"
    assert comm._reply_subshell_for({"content": {"id": "page-1"}}, "the page's") == "the page's"


def test_comms_that_remember_nothing(capture: Any) -> None:
    view = capture.head_view()
    view.send({"type": "hello"})
    view.close()
    assert view.comm is None


@pytest.fixture
def cells_loop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the process a shell whose kernel's loop collects callbacks to run between cells."""
    loop = SimpleNamespace(waiting=[])
    loop.add_callback = lambda handle, *args: loop.waiting.append(partial(handle, *args))
    shell = SimpleNamespace(kernel=SimpleNamespace(io_loop=loop))
    monkeypatch.setattr(subshells, "get_ipython", lambda: shell)
    return loop


def moved(layer: int) -> dict[str, Any]:
    return {"content": {"data": {"method": "update", "state": {"layer": layer}}}, "buffers": []}


def in_a_thread(handle: Any, message: Any) -> None:
    thread = threading.Thread(target=handle, args=(message,))
    thread.start()
    thread.join()


def test_messages_wait_for_the_end_of_the_cell_if_a_setting_says_so(capture: Any, cells_loop: Any) -> None:
    store = store_of(capture)
    in_a_thread(store._handle_msg, moved(1))
    assert (store.layer, cells_loop.waiting) == (1, [])
    store.subshells = False
    in_a_thread(store._handle_msg, moved(0))
    assert store.layer == 1
    (handle,) = cells_loop.waiting
    handle()
    assert store.layer == 0


def test_a_view_s_messages_wait_with_those_of_its_store(capture: Any, cells_loop: Any) -> None:
    view = capture.head_view()
    view.store.subshells = False
    message = {"content": {"data": {"method": "update", "state": {"top_k": 3}}}, "buffers": []}
    in_a_thread(view._handle_msg, message)
    assert (view.top_k, len(cells_loop.waiting)) == (None, 1)
    view._handle_msg(message)
    assert view.top_k == 3
