"""Servers and kernels of the browser tests end when the processes that started them end, for whatever reason."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from time import sleep

HARNESS = Path(__file__).parents[2] / "ui-tests" / "harness"

ASK = """
import subprocess, sys
command = [sys.executable, "-IS", sys.argv[1], "kernel", sys.argv[2]]
subprocess.Popen(command)
sys.stdin.read()
"""
"""A server that starts a kernel of the nursery and waits until it is killed."""


def test_a_tethered_module_ends_when_its_input_closes(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(
        "import signal, sys\nprint(__name__, *sys.argv[1:], flush=True)\nwhile True: signal.pause()"
    )
    command = [sys.executable, str(HARNESS / "tethered.py"), "server", "--port=1"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "__main__ --port=1\n"
        server.stdin.close()
        assert server.wait() != 0


def test_a_nursery_ends_when_its_input_closes(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    code = f"import nursery; nursery.MODULES = (); nursery.serve({str(place)!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=HARNESS, stdin=subprocess.PIPE) as nursery:
        assert nursery.stdin is not None
        while not place.exists():
            assert nursery.poll() is None
            sleep(0.01)
        nursery.stdin.close()
        assert nursery.wait() == 0


def test_a_kernel_ends_when_its_server_is_killed(tmp_path: Path) -> None:
    place = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(place)
        listener.listen()
        command = [sys.executable, "-c", ASK, str(HARNESS / "nursery.py"), place]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
            asker, _ = listener.accept()
            with asker:
                assert asker.recv(1 << 20)
                asker.send(str(server.pid).encode())
                server.kill()
                assert asker.recv(1) == b""  # the process that represents the kernel has ended, which ends the kernel
