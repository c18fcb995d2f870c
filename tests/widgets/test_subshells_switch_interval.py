"""Threads that answer pages make progress even beside a cell that reacquires Python's lock at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOWN = """
import sys
import numpy as np
import headscope as hs
from headscope.widgets.store import store_of
before = {before}
sys.setswitchinterval(before)
store_of(hs.from_attentions([np.full((1, 2, 2), 0.5)], ["a", "b"]))
"""

BESIDE = """
import hashlib, threading, time
held = bytes(4096)  # enough for hashlib to let go of the lock, for some microseconds
answered = threading.Event()

def answer():
    for step in range(200):
        sum(range(100))
        time.sleep(0)  # lets go of the lock, and asks for it again
    answered.set()

threading.Thread(target=answer, daemon=True).start()
for step in range(100_000):
    if answered.is_set():
        break
    sum(range(2_000))
    hashlib.sha256(held)
print(answered.is_set())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pages_are_answered_beside_a_cell_that_releases_the_lock_briefly() -> None:
    assert run(SHOWN.format(before=0.005) + BESIDE) == "True"


@pytest.mark.parametrize(("before", "after"), [(0.005, 0.0001), (0.02, 0.02), (0.00005, 0.00005)])
def test_an_interval_that_the_user_set_is_kept(before: float, after: float) -> None:
    told = run(SHOWN.format(before=before) + "print(sys.getswitchinterval())")
    assert float(told) == pytest.approx(after)
