"""Follow which argument of the model the positions of each tensor are those of, from operation to operation.

A plain module has no config that tells which sequence a layer attends to. What a tensor was computed from does: queries
that come of `tgt` and keys that come of `src` are cross-attention, two towers read two texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from torch import Tensor

from headscope.tracing.hooks.calls import FEATURES, Origin
from headscope.tracing.hooks.followed_features import Features
from headscope.tracing.hooks.memory_places import place


class Origins:
    """The origins of one pass. Tensors are known by the memory that they lie in.

    Parameters
    ----------
    arguments
        The model's arguments by name; empty follows nothing. Masks count no positions of their own.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._of: dict[int, Origin] = {}
        for name, value in arguments.items():
            for at, part in enumerate(tensors_in([value])):
                where = place(part)
                if where is not None and "mask" not in name and part.dim() > 1 and part.dtype.is_signed:
                    several = isinstance(value, (tuple, list))
                    self._of.setdefault(where, (f"{name} {at}" if several and at else name,))
        self.follows = bool(self._of)
        self._mixed: dict[int, frozenset[Origin]] = {}
        """The origins of what a tensor was computed from, if they differ."""
        tensors = tensors_in(arguments.values())
        self.lengths = {size for part in tensors if part.dim() > 1 for size in part.shape[: 2 if part.dim() < 4 else 0]}
        """The possible numbers of positions of the arguments."""
        self.features = Features()

    def of(self, tensor: Any) -> Origin:
        """Return the origin of a tensor; empty if it is unknown."""
        return self._of.get(place(tensor) or 0, ()) if self.follows else ()

    def of_call(self, query: Any, key: Any) -> tuple[Origin, Origin]:
        """Return the origins of the queries and the keys of a call, whose rows may be features."""
        if self.follows and self.features.are_rows(query, key):
            return FEATURES, FEATURES
        return self.of(query), self.of(key)

    def put(self, tensor: Any, origin: Origin) -> None:
        """Remember a result's origin."""
        where = place(tensor) if self.follows else None
        if where is None:
            return
        self._mixed.pop(where, None)
        if origin:
            self._of[where] = origin
        else:
            self._of.pop(where, None)

    def attended(self, output: Any, query: Any) -> None:
        """Remember that a result has the positions of the queries."""
        self.put(output, self.of(query))

    def follow(
        self, name: str, given: Iterable[Tensor], results: Iterable[Tensor], fixed: Collection[int] = ()
    ) -> None:
        """Remember the origin of an operation's results: that of the largest of what it was given.

        Parameters
        ----------
        name
            The operation, such as `"aten::add"`.
        given
            Its tensors.
        results
            What it returned.
        fixed
            The addresses of the model's parameters.
        """
        if not self.follows:
            return
        given, results = list(given), list(results)
        self.features.follow(name, given, results, fixed)
        known = [(part.numel(), origin) for part in given if (origin := self.of(part))]
        if name in JOINS:
            origin = tuple(dict.fromkeys(one for _, several in known for one in several))
        else:
            origin = max(known, key=lambda one: one[0])[1] if known else ()
        places = {place(part) for part in given}
        mixed = frozenset[Origin]().union(*(self._mixed.get(place(part) or 0, (self.of(part),)) for part in given)) - {
            ()
        }
        for result in results:
            if place(result) not in places or (origin and not self.of(result)):
                self.put(result, origin)
                if len(mixed) > 1 and name not in JOINS:
                    self._mixed[place(result) or 0] = mixed

    def row_of(self, weights: Tensor, of_keys: Origin) -> Origin:
        """Return the origin of the rows of weights whose columns have another one; empty if it is not certain."""
        mixed = self._mixed.get(place(weights) or 0, frozenset([self.of(weights)])) - {of_keys, ()}
        if len(mixed) > 1 or (not mixed and not self.of(weights)):
            return ()
        return next(iter(mixed), of_keys)


JOINS = ("aten::cat", "aten::stack")
"""The operations that join sequences."""


def tensors_in(values: Iterable[Any]) -> list[Tensor]:
    """Return the tensors among some values, and in lists of them."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [part for part in value if isinstance(part, Tensor)]
    return found
