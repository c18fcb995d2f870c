"""Run a module like `python -m`, and end when standard input closes, as it does when the starting process ends."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

GRACE = 10.0
"""Seconds that the module has to end after SIGTERM."""


def end_with_input() -> None:
    """End this process group when the other end of standard input is closed."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    sys.path[0] = os.getcwd()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
