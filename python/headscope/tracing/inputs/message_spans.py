"""Find the messages of a chat in the text that a chat template renders.

A template is a program: it may move a message's text, cut it, or add to it, so searching for the text is unreliable.
Instead, the template renders other conversations, and the results are compared with the whole text:

1. If the first n messages, for every n, render to the beginning of the whole text, then a message is all text that it
   adds, including the template's markup.
2. Otherwise, if rendering marks instead of contents, and replacing the marks by the contents, gives the whole text,
   then a message is its content alone.

If neither holds, the messages can't be located.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headscope.text.segments import Segment

SYSTEM = "system"


@dataclass(frozen=True)
class Chat:
    """The messages of a chat, and the tokenizer or processor whose template renders them."""

    tokenizer: Any
    messages: Sequence[Mapping[str, Any]]
    continued: bool = False
    """Whether the opening of an answer follows the messages."""

    @cached_property
    def text(self) -> str:
        """The rendered text of the messages; empty if the template fails."""
        return self._render(self.messages, self.continued) or ""

    def _render(self, messages: Sequence[Mapping[str, Any]], continued: bool = False) -> str | None:
        try:
            text = self.tokenizer.apply_chat_template(list(messages), add_generation_prompt=continued, tokenize=False)
        except Exception:  # templates refuse some conversations, such as two answers in a row, each in its own way
            return None
        return text if isinstance(text, str) else None

    def find_messages(self) -> list[Segment]:
        """Return the character ranges of the messages, named after their roles; empty if they can't be located.

        If the template itself adds text before the first message, that text is a segment `system`. The BOS token
        belongs to no segment.
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
        """Return the character ranges of the messages' contents; empty if they can't be located."""
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
        """Return the end of each message, if the first n messages always render to a beginning of the whole text."""
        ends = [0]
        for count in range(1, len(self.messages) + 1):
            beginning = self._render(self.messages[:count])
            if beginning is None or not self.text.startswith(beginning) or len(beginning) <= ends[-1]:
                return None
            ends.append(len(beginning))
        return ends[1:]

    def _length_of_bos(self) -> int:
        """Return the length of the BOS token at the beginning, unless every message begins with one."""
        bos = getattr(self.tokenizer, "bos_token", None)
        several = self._render(self.messages, continued=True) or self.text
        return len(bos) if bos and self.text.startswith(bos) and several.count(bos) == 1 else 0

    def _length_of_opening(self, text: str) -> int:
        """Return the length of the text that the template itself adds before messages without a system message.

        After an explicit system message the template adds nothing of its own, so the text that follows it there also
        follows the template's own opening here.
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
        """Return the text before, between and after the contents; None if the template does not keep them apart."""
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
