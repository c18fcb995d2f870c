"""Turn the argument `segments` of `headscope.capture` into ranges of the tokens that the model reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from headscope.text.segments import Segment, by_argument, check_segments, numbered
from headscope.text.splitting import SPLITS, split, split_at_markers
from headscope.tracing.inputs.chat import chat_tokenizer, is_chat, text_tokenizer
from headscope.tracing.inputs.inputs import Inputs
from headscope.tracing.inputs.message_spans import Chat
from headscope.tracing.inputs.offsets import Offsets, found_offsets, read_offsets, token_ranges
from headscope.tracing.inputs.sides import Side

if TYPE_CHECKING:
    from headscope.tracing.request import Request

MESSAGES = "messages"
WAYS = (*SPLITS, MESSAGES)


@dataclass(frozen=True)
class Positions:
    """Tokens without their text; only their number is known."""

    argument: str
    size: int

    def messages(self) -> list[Segment]:
        """Return the messages of a chat: none."""
        return []

    def from_ranges(self, ranges: Any) -> list[Segment]:
        """Check ranges of positions and return them."""
        return list(check_segments(ranges, self.size, f"tokens of {self.argument}"))

    def found(self, how: Any) -> list[Segment]:
        """Raise ValueError: without a text, segments can't be searched."""
        raise ValueError(
            f"segments is {how!r}, but there is no text to search: pass the text instead of inputs=, or pass "
            "(name, start, stop) for each segment, in token positions."
        )


@dataclass(frozen=True)
class Text:
    """A text, and the character range of each of its tokens."""

    argument: str
    text: str
    offsets: Offsets | None
    """The character ranges of the shown tokens; None if the tokenizer does not provide them."""
    chat: Chat | None = None
    """The chat from which the text was rendered; None if there is no chat."""

    def messages(self) -> list[Segment]:
        """Return the messages of a chat as token ranges; empty if they can't be located."""
        return self._tokens(self.chat.find_messages()) if self.chat and self.offsets is not None else []

    def from_ranges(self, ranges: Any) -> list[Segment]:
        """Return character ranges as token ranges; raise ValueError if one has no token."""
        checked = check_segments(ranges, len(self.text), f"characters of {self.argument}")
        for segment, found in zip(checked, self._all_tokens(checked), strict=True):
            if found is None:
                raise ValueError(
                    f"segments: {segment.name!r} from {segment.start} to {segment.stop} has no token of its own: "
                    f"{self.text[segment.start : segment.stop]!r} is part of a token that begins before it. Extend the "
                    "segment to whole words."
                )
        return self._tokens(checked)

    def found(self, how: Any) -> list[Segment]:
        """Split the text by one of `WAYS` or at markers, and return the parts as token ranges."""
        if how == MESSAGES:
            return self._known_messages()
        if not isinstance(how, str):
            return self._tokens(split_at_markers(self.text, how))
        parts = (
            part._replace(start=body.start + part.start, stop=body.start + part.stop)
            for body in self._bodies()
            for part in split(self.text[body.start : body.stop], how)
        )
        return self._tokens(list(parts))

    def _known_messages(self) -> list[Segment]:
        if self.chat is None:
            raise ValueError(f"segments is {MESSAGES!r}, but {self.argument} is one string: {_MESSAGES_ARE}.")
        self._all_tokens([])
        found = self.messages()
        if not found:
            raise ValueError(
                f"segments is {MESSAGES!r}, but the chat template does not show where a message begins: pass character "
                "ranges of tokenizer.apply_chat_template(messages, tokenize=False)."
            )
        return found

    def _bodies(self) -> list[Segment]:
        """Return the ranges to split: the contents of a chat's messages, or the whole text."""
        found = self.chat.find_contents() or self.chat.find_messages() if self.chat else []
        return found or [Segment("", 0, len(self.text))]

    def _all_tokens(self, ranges: Sequence[Segment]) -> list[Segment | None]:
        if self.offsets is None:
            raise ValueError(
                f"segments of {self.argument} can't be found: the tokenizer does not say which characters a token "
                "stands for. Load a fast tokenizer, which does, or pass inputs=tokenizer(text, return_tensors='pt') "
                "with segments in token positions."
            )
        return token_ranges(ranges, self.text, self.offsets)

    def _tokens(self, ranges: Sequence[Segment]) -> list[Segment]:
        return [found for found in self._all_tokens(ranges) if found is not None]


_MESSAGES_ARE = "those of a chat are given as a list, such as [{'role': 'user', 'content': 'Hello'}]"
Source: TypeAlias = "Positions | Text"


def add_segments(request: Request, inputs: Inputs, encoding: Any) -> None:
    """Add the requested segments to the sides of `inputs`.

    Raises
    ------
    ValueError, TypeError
        A segment does not fit its text; the message says what to pass instead.
    """
    main, decoder = inputs.sides["main"], inputs.sides["decoder"]
    tokenizer = request.tokenizer
    sources: dict[str, list[Source]] = {"main": [], "decoder": []}
    if request.text is None:
        sources["main"] = [Positions("input_ids", len(main.tokens))]
    else:
        sources["main"] = list(texts_of(tokenizer, request.text, request.text_pair, encoding, main, inputs.row))
    if request.target is not None:
        ids = inputs.arguments["decoder_input_ids"][inputs.row].tolist()
        sources["decoder"] = [_target(tokenizer, request.target, ids)]
    elif decoder.tokens:
        sources["decoder"] = [Positions("decoder_input_ids", len(decoder.tokens))]
    for side, found in segments_of(request.segments, sources).items():
        inputs.sides[side] = replace(inputs.sides[side], segments=found)


def texts_of(
    tokenizer: Any,
    text: Any,
    text_pair: str | None,
    encoding: Any,
    side: Side,
    row: int = 0,
    continued: bool = False,
    name: str = "text",
) -> list[Text]:
    """Return the texts of a side's tokens: one text, the two of a pair, or the rendered text of a chat."""
    chat = Chat(chat_tokenizer(tokenizer), text, continued) if is_chat(text) else None
    texts = [(name, chat.text if chat else text, chat)] + (
        [] if text_pair is None else [("text_pair", text_pair, None)]
    )
    return [
        Text(argument, content, _shown_offsets(encoding, row, sequence, side) or _found(texts, side), chat)
        for sequence, (argument, content, chat) in enumerate(texts)
    ]


def _shown_offsets(encoding: Any, row: int, sequence: int, side: Side) -> Offsets | None:
    """Return the offsets of the shown tokens; None if the tokenizer gives none, or none that fit the tokens."""
    offsets = read_offsets(encoding, row, sequence)
    if offsets is None or len(offsets) != side.length:
        return None
    return offsets if side.unpadded is None else [offsets[position] for position in side.unpadded.tolist()]


def _found(texts: Sequence[tuple[str, str, Chat | None]], side: Side) -> Offsets | None:
    """Return the offsets of a single text's tokens by searching for them; None if they do not spell the text."""
    (_, text, _), *more = texts
    return None if more else found_offsets(text, side.tokens, side.special)


def _target(tokenizer: Any, target: str, read: list[int]) -> Text:
    """Return the target with shifted tokens: the decoder reads each token one position later, the last one never."""
    encoding = text_tokenizer(tokenizer)(text_target=target)
    offsets = read_offsets(encoding, 0, 0)
    written = list(encoding["input_ids"])
    shifted = None if offsets is None or read[1:] != written[:-1] else [None, *offsets[:-1]]
    return Text("target", target, shifted)


def segments_of(wanted: Any, sources: Mapping[str, Sequence[Source]]) -> dict[str, tuple[Segment, ...]]:
    """Return the segments of each side: those requested, or by default the messages of a chat."""
    if wanted is None:
        return {
            side: tuple(numbered(found for source in members for found in source.messages()))
            for side, members in sources.items()
        }
    every = [source for members in sources.values() for source in members]
    asked = _by_argument(wanted, every)
    _check_markers(asked, every)
    return {side: _joined(asked, members) for side, members in sources.items()}


def _by_argument(wanted: Any, sources: Sequence[Source]) -> dict[str, Any]:
    """Return the request for each argument; without names, ranges apply to the first, anything else to every text."""
    names = [source.argument for source in sources]
    if not isinstance(wanted, Mapping) and not _are_ranges(wanted):
        texts = [source.argument for source in sources if isinstance(source, Text)] or names[:1]
        wanted = dict.fromkeys(texts, wanted)
    asked = {name: how for name, how in by_argument(wanted, names).items() if how is not None}
    for how in asked.values():
        if isinstance(how, str) and how not in WAYS:
            raise ValueError(
                f"segments is {how!r}; it can be {', '.join(map(repr, WAYS))}, a list of (name, start, stop), or of "
                f"markers that begin segments, such as [{how!r}]."
            )
    return asked


def _are_ranges(how: Any) -> bool:
    """Return whether a request holds ranges, rather than a way to split or markers."""
    return not isinstance(how, str) and not (
        isinstance(how, Sequence) and len(how) > 0 and all(isinstance(one, str) for one in how)
    )


def _joined(asked: Mapping[str, Any], sources: Sequence[Source]) -> tuple[Segment, ...]:
    found: list[Segment] = []
    ranges: list[Segment] = []
    for source in sources:
        how = asked.get(source.argument, ())
        if _are_ranges(how):
            ranges += source.from_ranges(how)
        else:
            found += source.found(how)
    return tuple(sorted([*numbered(found), *ranges], key=lambda segment: segment.start))


def _check_markers(asked: Mapping[str, Any], sources: Sequence[Source]) -> None:
    """Raise ValueError for a marker that is empty or in none of its texts."""
    for how in asked.values():
        if isinstance(how, str) or _are_ranges(how):
            continue
        texts = [one.text for one in sources if isinstance(one, Text) and asked.get(one.argument) is how]
        for marker in how:
            if not marker:
                raise ValueError("segments holds an empty marker: pass the text with which a segment begins.")
            if texts and not any(marker in text for text in texts):
                raise ValueError(
                    f"segments: the marker {marker!r} is not in the text. Markers must match exactly, including case "
                    f"and spaces; the text begins with {texts[0][:40]!r}."
                )
