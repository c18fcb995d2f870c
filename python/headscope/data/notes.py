"""Notes on heads: a name such as `induction` and a text, which belong to a capture and are saved with it."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from headscope.data.indexing import check_position
from headscope.plain_errors import with_plain_errors
from headscope.text.shortened import shortened

if TYPE_CHECKING:
    from headscope.contract import HeadNote as DescribedNote
    from headscope.contract import MapFindings, PlacedNote
    from headscope.data.attention_map import AttentionMap

MAX_NAME = 60
"""The longest name, in characters. `src/core/state/notes.ts` has the same limits."""

MAX_TEXT = 1000
"""The longest text, in characters."""

MAX_NOTES = 1000
"""The most notes of a capture, so that they always fit into one message to a page."""

UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
"""The categories of characters that a note can't hold: controls, halves of pairs, and separators of lines."""

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of text, with which a note could disguise what stands beside it."""


class HeadKey(NamedTuple):
    """Names a head of a capture."""

    map: str
    """The name of the attention map."""
    layer: int
    """The zero-based layer."""
    head: int
    """The zero-based head."""


@dataclass(frozen=True)
class HeadNote:
    """A note on a head."""

    name: str
    """A few words, such as `induction`, of at most 60 characters on one line; empty for none."""
    text: str = ""
    """What there is to say about the head, in at most 1,000 characters."""


Place: TypeAlias = "HeadKey | tuple[str, int, int] | tuple[int, int]"
"""A head as `(map, layer, head)`, or as `(layer, head)` in the first map."""


def checked_note(name: Any, text: Any) -> HeadNote:
    """Return a note without spaces around its texts.

    Raises
    ------
    TypeError
        The name or the text is not a str.
    ValueError
        They are too long, both are empty, or a character can't be shown.
    """
    name, text = _checked_text("name", name, MAX_NAME), _checked_text("text", text, MAX_TEXT, "\n\t")
    if not name and not text:
        raise ValueError("the note is empty: give it a name, such as name='induction', or a text")
    return HeadNote(name, text)


def _checked_text(what: str, given: Any, most: int, allowed: str = "") -> str:
    if not isinstance(given, str):
        raise TypeError(f"the {what} of a note is {given!r}; it takes a text")
    text = given.replace("\r\n", "\n").strip() if allowed else given.strip()
    if len(text) > most:
        raise ValueError(f"the {what} of a note has {len(text)} characters: at most {most} are kept")
    for letter in text:
        if letter not in allowed and (letter in TURNING or unicodedata.category(letter) in UNSEEN):
            raise ValueError(f"the {what} of a note has the character {letter!r}, which can't be shown")
    return text


@with_plain_errors
class Notes(MutableMapping[Place, HeadNote]):
    """The notes on the heads of a capture, by `(map, layer, head)`, in the order of maps, layers and heads.

    `notes["self", 17, 5]` is a `HeadNote` with `name` and `text`; without the map, `notes[17, 5]` is of the first one.
    Assigning a note or a name sets it, and `del` removes it; every view of the capture shows the change.

    Parameters
    ----------
    maps
        The attention maps of the capture, by name.
    notes
        The notes to begin with; none by default.
    """

    def __init__(self, maps: Mapping[str, AttentionMap], notes: Iterable[tuple[Place, HeadNote]] = ()) -> None:
        self._maps = maps
        self._notes: dict[HeadKey, HeadNote] = {}
        self._lock = threading.RLock()
        self.changed: Callable[[], None] | None = None
        """Called after each change; a capture's store sets it."""
        self.replace(notes)

    def __getitem__(self, place: Place) -> HeadNote:
        key = self._key(place)
        if key not in self._notes:
            raise KeyError(f"there is no note on layer {key.layer}, head {key.head} of the {key.map!r} map")
        return self._notes[key]

    def __setitem__(self, place: Place, note: HeadNote | str) -> None:
        name, text = (note.name, note.text) if isinstance(note, HeadNote) else (note, "")
        key, checked = self._key(place), checked_note(name, text)
        with self._lock:
            if key not in self._notes and len(self._notes) >= MAX_NOTES:
                raise ValueError(f"a capture keeps at most {MAX_NOTES} notes: remove one first")
            self._notes[key] = checked
        self._tell()

    def __delitem__(self, place: Place) -> None:
        key = self._key(place)
        with self._lock:
            if self._notes.pop(key, None) is None:
                raise KeyError(f"there is no note on layer {key.layer}, head {key.head} of the {key.map!r} map")
        self._tell()

    def __contains__(self, place: object) -> bool:
        try:
            return self._key(place) in self._notes
        except (KeyError, IndexError, TypeError):
            return False

    def __iter__(self) -> Iterator[HeadKey]:
        order = list(self._maps)
        return iter(sorted(self._notes, key=lambda key: (order.index(key.map), key.layer, key.head)))

    def __len__(self) -> int:
        return len(self._notes)

    def clear(self) -> None:
        """Remove all notes."""
        with self._lock:
            self._notes = {}
        self._tell()

    def replace(self, notes: Iterable[tuple[Place, HeadNote]]) -> None:
        """Put other notes in the place of all. They are checked first; if one is refused, nothing changes.

        Raises
        ------
        ValueError, TypeError, IndexError, KeyError
            As when one note is set, or two are on the same head.
        """
        found: dict[HeadKey, HeadNote] = {}
        for place, note in notes:
            key = self._key(place)
            if key in found:
                raise ValueError(f"two notes are on layer {key.layer}, head {key.head} of the {key.map!r} map")
            found[key] = checked_note(note.name, note.text)
        if len(found) > MAX_NOTES:
            raise ValueError(f"there are {len(found)} notes: a capture keeps at most {MAX_NOTES}")
        with self._lock:
            self._notes = found
        self._tell()

    def _key(self, place: Any) -> HeadKey:
        named = place if isinstance(place, tuple) else ()
        if len(named) == 2:
            named = (next(iter(self._maps)), *named)
        if len(named) != 3 or not isinstance(named[0], str):
            raise TypeError(f"a note is on (map, layer, head), or on (layer, head) of the first map, not on {place!r}")
        map_ = self._maps[named[0]]
        if map_.name not in list(self._maps):
            raise KeyError(f"{map_.name!r} shows several attentions: a note is on a head of {', '.join(self._maps)}")
        layer = check_position(named[1], map_.num_layers, "layer")
        return HeadKey(map_.name, layer, check_position(named[2], map_.num_heads(layer), "head"))

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()

    def __getstate__(self) -> dict[str, Any]:
        return {"_maps": self._maps, "_notes": self._notes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_maps"], state["_notes"].items())  # type: ignore[misc]

    def __repr__(self) -> str:
        lines = [
            f"  ({key.map!r}, {key.layer}, {key.head}): {note.name}"
            + (f": {shortened(note.text, 60)}" if note.text else "")
            for key, note in self.items()
        ]
        return "\n".join([f"<Notes on {len(self)} head{'' if len(self) == 1 else 's'}>", *lines])

    def items(self) -> Any:
        """Return the heads, each as a `HeadKey`, with their notes."""
        return [(key, self._notes[key]) for key in self if key in self._notes]

    def placed(self) -> list[PlacedNote]:
        """Return the notes as pages receive them."""
        return [{"map": key.map, "layer": key.layer, "head": key.head, **asdict(note)} for key, note in self.items()]  # type: ignore[typeddict-item]


def read_notes(placed: Iterable[Any]) -> list[tuple[HeadKey, HeadNote]]:
    """Return notes that a page has sent, which `Notes` has yet to check.

    Raises
    ------
    TypeError, KeyError
        It is not a list of objects with the fields of a `PlacedNote`.
    """
    return [(HeadKey(one["map"], one["layer"], one["head"]), HeadNote(one["name"], one["text"])) for one in placed]


def described_notes(map_: AttentionMap, notes: Notes) -> MapFindings:
    """Return the notes on the heads of a map, as descriptions and files have them; empty if there are none."""
    found: list[DescribedNote] = [
        {"layer": key.layer, "head": key.head, **asdict(note)}  # type: ignore[typeddict-item]
        for key, note in notes.items()
        if key.map == map_.name
    ]
    return {"notes": found} if found else {}


@with_plain_errors
class Noted:
    """What a capture knows of notes."""

    maps: dict[str, AttentionMap]

    @property
    def notes(self) -> Notes:
        """The notes on heads, by `(map, layer, head)`; a mapping that can be changed."""
        found: Notes = self.__dict__.setdefault("_notes", Notes(self.maps))
        return found

    def note(self, layer: int, head: int, name: str = "", text: str = "", *, map: str | None = None) -> HeadNote:
        """Set the note on a head, in place of an earlier one. Every view of the capture shows it at once.

        `capture.notes` reads them all, and `del capture.notes[layer, head]` removes one.

        Parameters
        ----------
        layer, head
            The zero-based layer and head.
        name
            A few words, such as `"induction"`: at most 60 characters on one line.
        text
            What there is to say about the head: at most 1,000 characters.
        map
            The name of an attention map; None (default) for the first.

        Returns
        -------
        HeadNote
            The note, with `name` and `text`.

        Raises
        ------
        IndexError
            The layer or head is out of range.
        KeyError
            The map is unknown.
        ValueError
            The note is empty or too long, or has a character that can't be shown, such as a control character.
        TypeError
            The name or the text is not a str.
        """
        place = HeadKey(next(iter(self.maps)) if map is None else map, layer, head)
        self.notes[place] = HeadNote(name, text)
        return self.notes[place]
