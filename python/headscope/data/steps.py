"""Long work in steps: a generator that yields between chunks of work and returns the result.

Its caller may do other work between two steps, and closes the generator to cancel the work.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TypeAlias, TypeVar

Result = TypeVar("Result")

Steps: TypeAlias = Generator[None, None, Result]
"""Work that takes at most a tenth of a second between two `yield`s."""


def finish(steps: Steps[Result]) -> Result:
    """Do all steps and return the result."""
    with closing(steps):
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
