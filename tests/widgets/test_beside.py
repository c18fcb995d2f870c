"""Pages' messages come in the thread that the page sends them to, whatever ipykernel remembers."""

from __future__ import annotations

from typing import Any

import pytest
from ipykernel.comm.comm import BaseComm

from headscope import from_attentions
from headscope.widgets import store_of


@pytest.fixture
def comm() -> Any:
    if not hasattr(BaseComm, "_reply_subshell_for"):
        pytest.skip("this ipykernel leaves it to the page")
    comm = BaseComm(target_name="jupyter.widget", primary=False)
    comm._reply_subshell_id = None  # what a cell's message leaves, and one that answers a request
    comm._reply_subshell_ids["page-1"] = None
    return comm


@pytest.fixture
def capture() -> Any:
    return from_attentions([[[[1.0]]]] * 2, ["a"])


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
