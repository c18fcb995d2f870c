"""A cell that takes Python's lock again as soon as it lets go of it leaves room for the threads that answer pages."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOWN = """
import sys
import numpy as np
import headscope as hs
from headscope.widgets import store_of
before = {before}
sys.setswitchinterval(before)
store_of(hs.from_attentions([np.full((1, 2, 2), 0.5)], ["a", "b"]))
"""

BESIDE = """
import os, threading, time
answered = threading.Event()

def answer():
    for step in range(200):
        sum(range(100))
        time.sleep(0)
    answered.set()

threading.Thread(target=answer, daemon=True).start()
began = time.monotonic()
while not answered.is_set() and time.monotonic() - began < 60:
    sum(range(20_000))
    os.path.exists("no such file")
print(answered.is_set())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pages_are_answered_beside_a_cell_that_lets_go_of_the_lock_for_moments() -> None:
    assert run(SHOWN.format(before=0.005) + BESIDE) == "True"


@pytest.mark.parametrize(("before", "after"), [(0.005, 0.0001), (0.02, 0.02), (0.00005, 0.00005)])
def test_an_interval_of_the_users_own_stays(before: float, after: float) -> None:
    told = run(SHOWN.format(before=before) + "print(sys.getswitchinterval())")
    assert float(told) == pytest.approx(after)
