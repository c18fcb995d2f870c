"""Check what pages write: a change is applied as a whole, or it is refused and leaves no trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t
from ipywidgets.widgets import widget as ipywidgets_widget  # type: ignore[import-untyped]  # it has no types

from headscope.data.composed import COMPOSED
from headscope.option_kinds import POSITIONS, SEGMENTS, TOKENS
from headscope.options import CHECKS, DEFAULTS, VALUES
from headscope.ranges import check_within
from headscope.widgets.subshells import SubshellWidget

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap

MAX_TEXT = 10_000
"""The longest text of an option that a page may write, in characters."""

LISTS = {option.name: option.kind for option in VALUES if option.kind in (POSITIONS, SEGMENTS, TOKENS)}
"""The options that hold several positions."""


class CheckedWidget(SubshellWidget):
    """A widget that sets a page's change only after all of it has been checked.

    traitlets sets values first and takes them back only if the error is a TraitError; and ipywidgets sets whatever
    trait a message names, also those that only the kernel writes. Here neither happens.
    """

    FROM_PAGES: ClassVar[frozenset[str]] = frozenset()
    """The traits that a page may write; others belong to the kernel."""

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply a page's change, or tell all pages the values that stay.

        Raises
        ------
        TraitError
            A value can't be set. Nothing has changed then.
        """
        try:
            known = {name: value for name, value in sync_data.items() if name in self.keys}
            checked = self._checked_change(known)
        except Exception as error:  # whatever a page's value does to a check, it is refused
            self._tell_what_stays(sync_data)
            raise t.TraitError(f"a page's change was refused: {error}") from error
        self._apply_change(checked)

    def _checked_change(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a change as they are to be set; raise an error of any type if one can't be."""
        for name in change.keys() - self.FROM_PAGES:
            raise ValueError(f"{name!r} is not for pages to write")
        return {name: self._checked_value(name, value) for name, value in change.items()}

    def _checked_value(self, name: str, value: Any) -> Any:
        """Return a value as its trait would hold it, without setting it."""
        return getattr(type(self), name)._validate(self, value)

    def _apply_change(self, checked: dict[str, Any]) -> None:
        super().set_state(checked)

    def _tell_what_stays(self, refused: object) -> None:
        """Send the current values of what a page tried to change.

        The page that wrote them waits for an echo of its message and ignores the echoes of other pages until then.
        """
        names = [name for name in refused if name in self.keys] if isinstance(refused, dict) else []
        if not names:
            return
        if ipywidgets_widget.JUPYTER_WIDGETS_ECHO:
            state, paths, buffers = ipywidgets_widget._remove_buffers(self.get_state(names))
            self._send({"method": "echo_update", "state": state, "buffer_paths": paths}, buffers=buffers)
        self.send_state(names)


def check_written_option(maps: Mapping[str, AttentionMap], name: str, value: Any) -> Any:
    """Return the value of an option that a page has written, checked against the maps of its capture.

    Lists of positions may hold those of any map, because a page may write them just before it changes the map.

    Raises
    ------
    ValueError, TypeError
        The option can't have this value.
    """
    if value is None and DEFAULTS[name] is None:
        return None
    if name in CHECKS:
        checked = CHECKS[name](name, value)
        if isinstance(checked, str) and len(checked) > MAX_TEXT:
            raise ValueError(f"{name} has {len(checked)} characters: at most {MAX_TEXT} are taken")
        return checked
    return _checked_positions(name, value, _most_positions(maps, name))


def _checked_positions(name: str, value: Any, count: int) -> list[int]:
    if not isinstance(value, list) or len(value) > count:
        raise ValueError(f"{name} takes a list of at most {count} positions")
    for position in value:
        if isinstance(position, bool) or not isinstance(position, int):
            raise TypeError(f"{name} has {position!r}, which is not a position")
        check_within(position, count, name)
    if not value and DEFAULTS[name] is None:
        raise ValueError(f"{name} is empty")
    return value


def _most_positions(maps: Mapping[str, AttentionMap], name: str) -> int:
    composed = [maps[COMPOSED]] if COMPOSED in maps else []
    return max(_positions_of(map_, name) for map_ in (*maps.values(), *composed))


def _positions_of(map_: AttentionMap, name: str) -> int:
    if name == "include_layers":
        return map_.num_layers
    if name == "include_heads":
        return max(map_.num_heads(layer) for layer in range(map_.num_layers))
    if LISTS[name] is SEGMENTS:
        return max(len(map_.segments.queries), len(map_.segments.keys))
    return len(map_.key_tokens)
