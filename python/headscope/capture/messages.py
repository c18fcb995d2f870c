"""Where the messages of a chat stand in the text that a template makes of them.

A template is a program: it may put a message's text anywhere, cut it, or add to it. So nothing is searched for. The
template is asked about other conversations, and what it makes of them must fit what it made of this one:

1. the text of the first messages must be how the whole text begins, for any number of them. Then a message is all that
   it adds, what the template puts around it included;
2. else the text with a mark in place of each message's content, put back, must be the whole text. Then a message is its
   content alone.

Where neither holds, nobody can say where the messages are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headscope.segments import Segment

SYSTEM = "system"


@dataclass(frozen=True)
class Chat:
    """The messages of a chat, and the tokenizer whose template makes a text of them."""

    tokenizer: Any
    messages: Sequence[Mapping[str, Any]]
    continued: bool = False
    """Whether the opening of an answer stands behind them."""

    @cached_property
    def text(self) -> str:
        """What the template makes of the messages; empty where it makes no text."""
        return self._render(self.messages, self.continued) or ""

    def _render(self, messages: Sequence[Mapping[str, Any]], continued: bool = False) -> str | None:
        try:
            text = self.tokenizer.apply_chat_template(list(messages), add_generation_prompt=continued, tokenize=False)
        except Exception:  # templates refuse conversations in many ways: one without a user, two answers in a row
            return None
        return text if isinstance(text, str) else None

    def find_messages(self) -> list[Segment]:
        """Return the ranges of characters of the messages, named by their roles; none where they can't be told.

        What the template says by itself before the first message is a segment `system`. A token that begins every text
        belongs to none.
        """
        names = [str(message.get("role", "message")) for message in self.messages]
        ends = self._ends()
        if ends is None:
            found = self.find_contents()
            return [one._replace(name=name) for one, name in zip(found, names, strict=bool(found))]
        first = self._length_of_bos()
        opening = max(first, self._length_of_opening(self.text[: ends[-1]]))
        starts = [opening, *ends[:-1]]
        own = [Segment(SYSTEM, first, opening)] if self.text[first:opening].strip() else []
        return own + [Segment(*one) for one in zip(names, starts, ends, strict=True)]

    def find_contents(self) -> list[Segment]:
        """Return the ranges of characters of the messages' contents; none where they can't be told."""
        contents = [message.get("content") for message in self.messages]
        frames = self._frames()
        if frames is None or not all(isinstance(content, str) for content in contents):
            return []
        texts = [str(content) for content in contents]
        for shown in (texts, [text.strip() for text in texts]):
            if "".join(_alternating(frames, shown)) == self.text:
                return _between(frames, shown)
        return []

    def _ends(self) -> list[int] | None:
        """Return where each message ends, if the text of the first ones is always how the whole text begins."""
        ends = [0]
        for count in range(1, len(self.messages) + 1):
            beginning = self._render(self.messages[:count])
            if beginning is None or not self.text.startswith(beginning) or len(beginning) <= ends[-1]:
                return None
            ends.append(len(beginning))
        return ends[1:]

    def _length_of_bos(self) -> int:
        """Return how long the token is that begins every text, where it does not begin every message."""
        bos = getattr(self.tokenizer, "bos_token", None)
        several = self._render(self.messages, continued=True) or self.text
        return len(bos) if bos and self.text.startswith(bos) and several.count(bos) == 1 else 0

    def _length_of_opening(self, text: str) -> int:
        """Return how long that is which the template says by itself before messages without a system message.

        It says nothing by itself behind a system message: what follows one is what follows the template's own words.
        """
        if self.messages[0].get("role") == SYSTEM:
            return 0
        system = {"role": SYSTEM, "content": "x"}
        before, whole = self._render([system]), self._render([system, *self.messages])
        if not before or not whole or not whole.startswith(before):
            return 0
        rest = whole[len(before) :]
        return len(text) - len(rest) if rest and text.endswith(rest) else 0

    def _frames(self) -> list[str] | None:
        """Return what the template puts before, between and after contents; None where it does not keep them apart."""
        marks = [f"\ue000{number}\ue001" for number in range(len(self.messages))]
        marked = [{**message, "content": mark} for message, mark in zip(self.messages, marks, strict=True)]
        rest, frames = self._render(marked, self.continued) or "", []
        for mark in marks:
            frame, found, rest = rest.partition(mark)
            if not found:
                return None
            frames.append(frame)
        return [*frames, rest]


def _alternating(frames: Sequence[str], contents: Sequence[str]) -> list[str]:
    return [part for pair in zip(frames, [*contents, ""], strict=True) for part in pair]


def _between(frames: Sequence[str], contents: Sequence[str]) -> list[Segment]:
    found, at = [], 0
    for frame, content in zip(frames, contents, strict=False):
        start = at + len(frame)
        at = start + len(content)
        found.append(Segment("content", start, at))
    return found
