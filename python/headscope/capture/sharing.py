"""What layers share of their rules, and who of them counts the memory of it."""

from __future__ import annotations

from collections.abc import Sequence

from headscope.capture.record import QKRecord
from headscope.records import Record


def share_out(records: Sequence[Record]) -> None:
    """Count the memory of rules that several layers share at the first of them."""
    counted: set[int] = set()
    for record in records:
        for piece in getattr(record, "pieces", [record]):
            if isinstance(piece, QKRecord):
                rules = [rule for rule in (piece.rules.visible, *piece.rules.biases) if rule is not None]
                fresh = {id(rule): rule for rule in rules if id(rule) not in counted}
                sinks = 0 if piece.rules.sinks is None else piece.rules.sinks.nbytes
                object.__setattr__(piece, "rules_nbytes", sinks + sum(rule.nbytes for rule in fresh.values()))
                counted |= set(fresh)
