"""Kernels that start with torch, transformers and Headscope imported, for which a test's first cell would wait longest.

`nursery.py serve SOCKET` imports them once, and then forks a kernel for each `nursery.py kernel SOCKET -f FILE`, the
process that a Jupyter server starts. That process passes signals on to its kernel, and when it ends, the kernel ends
too. It ends with the server, and the nursery ends when its standard input closes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from types import FrameType

MODULES = (
    "ipykernel.kernelapp",
    "numpy",
    "torch",
    "transformers",
    "transformers.models.bert.modeling_bert",
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.tokenization_auto",
    # What a first capture and a first view import.
    "headscope.tracing.run",
    "headscope.widgets.views",
    "headscope.export.snapshot",
)
STREAMS = (0, 1, 2)
MESSAGE = 1 << 20
"""The most bytes of a message, which is enough for any environment."""

PARENT_LOOK = 1.0
"""Seconds between checks that the server is still running."""


def serve(path: str) -> None:
    """Fork a kernel for each process that requests one at this socket."""
    sys.path.pop(0)  # this script's own folder
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()  # else each kernel would search all of it for garbage, and so copy it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the kernels
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen()
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            asker, _ = listener.accept()
            message, streams, _, _ = socket.recv_fds(asker, MESSAGE, len(STREAMS))
            if os.fork() == 0:
                listener.close()
                become_kernel(asker, streams, **json.loads(message))
                os._exit(0)
            for stream in streams:
                os.close(stream)
            asker.close()


def become_kernel(asker: socket.socket, streams: list[int], arguments: list[str], environment: dict[str, str]) -> None:
    """Run a kernel in this process, as `python -m ipykernel_launcher` would in a new one."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for stream, target in zip(streams, STREAMS, strict=True):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.environ.pop("JPY_PARENT_PID", None)  # a kernel ends if the process of this id is not its parent
    os.chdir(os.environ["PWD"])
    asker.send(str(os.getpid()).encode())
    threading.Thread(target=end_with, args=(asker,), daemon=True).start()
    sys.argv = ["ipykernel_launcher", *arguments]
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()


def end_with(asker: socket.socket) -> None:
    """End this process when the one that requested it has ended."""
    asker.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def ask(path: str, arguments: list[str]) -> None:
    """Represent a kernel of the nursery: pass signals on to it, and end when it or the server ends."""
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asker:
        asker.connect(path)
        request = {"arguments": arguments, "environment": {**os.environ, "PWD": os.getcwd()}}
        socket.send_fds(asker, [json.dumps(request).encode()], STREAMS)
        kernel = int(asker.recv(MESSAGE))

        def pass_on(number: int, _: FrameType | None) -> None:
            os.kill(kernel, number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, pass_on)
        asker.settimeout(PARENT_LOOK)
        while os.getppid() == parent:
            with suppress(TimeoutError):
                asker.recv(1)
                break


if __name__ == "__main__":
    role, place, *rest = sys.argv[1:]
    if role == "serve":
        serve(place)
    else:
        ask(place, rest)
