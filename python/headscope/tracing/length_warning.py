"""Hold back transformers' warning about long texts where Headscope reads them in windows or has its own error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SAID = "Token indices sequence length is longer than"
"""How the warning begins."""
WARNED = "sequence-length-is-longer-than-the-specified-maximum"
"""The entry of `tokenizer.deprecation_warnings` that keeps a tokenizer from warning twice."""


class _Held(logging.Filter):
    """Keeps the warning, and lets all other messages through."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.getMessage().startswith(SAID):
            return True
        self.records.append(record)
        return False


@contextmanager
def without_length_warning(tokenizer: Any, *, of_errors: bool = False) -> Iterator[None]:
    """Let a tokenizer read a long text without transformers' warning about its length.

    The tokenizer still warns in later calls of others.

    Parameters
    ----------
    tokenizer
        The tokenizer, or a processor that has one; any other value is ignored.
    of_errors
        Whether to drop the warning only if the block raises an error, and to log it otherwise. False by default.
    """
    own = getattr(tokenizer, "tokenizer", tokenizer)
    names = {kind.__module__ for kind in type(own).__mro__ if kind.__module__.startswith("transformers.")}
    loggers, held = [logging.getLogger(name) for name in sorted(names)], _Held()
    warned = getattr(own, "deprecation_warnings", None)
    fresh = isinstance(warned, dict) and WARNED not in warned
    for logger in loggers:
        logger.addFilter(held)
    is_needless = True
    try:
        yield
        is_needless = not of_errors
    finally:
        for logger in loggers:
            logger.removeFilter(held)
        if is_needless and fresh:
            warned.pop(WARNED, None)  # type: ignore[union-attr]  # `fresh` says that it is a dictionary
        for record in () if is_needless else held.records:
            logging.getLogger(record.name).handle(record)
