"""Figures are drawn wherever Python runs: in event loops, in threads beside them, and in forked processes."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

CAPTURE = """
import asyncio, atexit, os, sys, threading
import numpy as np
import headscope as hs

capture = hs.from_attentions([np.full((2, 3, 3), 1 / 3, dtype=np.float32)], list("abc"))
"""

PLACES = {
    "two event loops, one after the other, and none": """
        async def draw():
            return capture.figure().svg

        print(len({asyncio.run(draw()), asyncio.run(draw()), capture.figure().svg}))
    """,
    "a thread for which an event loop's thread waits, as a cell does": """
        async def draw():
            first = capture.figure().svg
            found = []
            thread = threading.Thread(target=lambda: found.append(capture.figure().svg))
            thread.start()
            thread.join()
            return len({first, *found})

        print(asyncio.run(draw()))
    """,
    "a process that was forked after a figure, and its parent": """
        first = capture.figure().svg
        child = os.fork()
        if not child:
            sys.exit(0 if capture.figure().svg == first else 1)
        print(1 if os.waitpid(child, 0)[1] == 0 and capture.figure().svg == first else 0)
    """,
    "an exit handler that runs before the engine is closed, and one that runs after": """
        from py_mini_racer._context import context_count

        found = []
        atexit.register(lambda: print(len(set(found)) if open_at_last == [1, 0] else open_at_last))
        atexit.register(lambda: found.append(capture.figure().svg))
        open_at_last = []
        atexit.register(lambda: open_at_last.append(context_count()))
        found.append(capture.figure().svg)
        atexit.register(lambda: open_at_last.append(context_count()))
        atexit.register(lambda: found.append(capture.figure().svg))
    """,
}


@pytest.mark.parametrize("place", PLACES)
def test_figures_are_the_same_everywhere(place: str) -> None:
    if "fork" in place and sys.platform == "win32":
        pytest.skip("Windows has no fork")
    code = CAPTURE + textwrap.dedent(PLACES[place])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "1"
