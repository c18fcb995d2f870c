"""In a real kernel, tiles reach the page while the user's cell runs, from every kind of thread."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from headscope.wire.blocks import decode_blocks

PATIENCE = 60.0
PACKAGE = Path(__file__).parents[2] / "python"

SETUP = """
import numpy as np, threading
import headscope as hs
from headscope.widgets.store import store_of
weights = np.random.default_rng(0).dirichlet(np.ones(600), (2, 600)).astype(np.float32)
store = store_of(hs.from_attentions([weights], ["x"] * 600))
print(store.comm.comm_id)
"""

UNTIL_TOLD = """
import pathlib, time
while not pathlib.Path({path!r}).exists():
    time.sleep(0.001)
"""


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingKernelClient]:
    paths = os.pathsep.join(filter(None, (str(PACKAGE), os.environ.get("PYTHONPATH"))))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, "PYTHONPATH": paths})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def comm_id(client: BlockingKernelClient) -> str:
    texts: list[str] = []

    def output(message: Any) -> None:
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            texts.append(message["content"]["text"])

    client.execute_interactive(SETUP, timeout=PATIENCE, output_hook=output)
    return "".join(texts).strip()


@pytest.fixture(scope="module")
def subshell(client: BlockingKernelClient) -> str:
    client.control_channel.send(client.session.msg("create_subshell_request"))
    reply = client.get_control_msg(timeout=PATIENCE)["content"]
    if reply.get("status") != "ok":
        pytest.skip("this ipykernel has no subshells")
    found: str = reply["subshell_id"]
    return found


def ask(client: BlockingKernelClient, comm_id: str, id_: str, subshell: str | None) -> None:
    request = {"map": "self", "layer": 0, "heads": [1], "pool": "max", "tiles": [[2, 0, 0], [0, 1, 2]]}
    content = {"type": "tiles", "id": id_, "view": "a view", "request": request}
    message = client.session.msg("comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": content}})
    if subshell is not None:
        message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)


def answers(client: BlockingKernelClient, id_: str) -> list[Any]:
    """Return all messages that answer a request."""
    found: list[Any] = []
    while not (found and (found[-1].get("done") or found[-1]["type"] == "error")):
        message = client.get_iopub_msg(timeout=PATIENCE)
        content = message["content"].get("data", {}).get("content", {}) if message["msg_type"] == "comm_msg" else {}
        if content.get("id") == id_:
            found.append({**content, "frames": [next(decode_blocks(bytes(part))) for part in message["buffers"]]})
    return found


def check(found: list[Any]) -> None:
    assert [message["type"] for message in found] == ["accepted", "blocks", "blocks", "blocks"]
    shapes = [[weights.shape for _, weights in message["frames"]] for message in found[1:3]]
    assert shapes == [[(1, 150, 150)], [(1, 256, 88)]]
    assert all(0 < weights.max() <= 1 for message in found[1:3] for _, weights in message["frames"])


def test_tiles_come_between_cells(client: BlockingKernelClient, comm_id: str) -> None:
    ask(client, comm_id, "idle", None)
    check(answers(client, "idle"))


def test_tiles_come_while_a_cell_runs(
    client: BlockingKernelClient, comm_id: str, subshell: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    cell = client.execute(UNTIL_TOLD.format(path=str(told)))
    ask(client, comm_id, "busy", subshell)
    try:
        check(answers(client, "busy"))
        with pytest.raises(queue.Empty):  # the cell is still running
            client.get_shell_msg(timeout=0)
    finally:
        told.touch()
    reply = client.get_shell_msg(timeout=PATIENCE)
    assert (reply["parent_header"]["msg_id"], reply["content"]["status"]) == (cell, "ok")
