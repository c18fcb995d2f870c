"""Hold a pass over a generated text against the steps that wrote it, by what both say about each next token.

A pass shows what the steps did only if no position looks ahead and each step read what the pass reads. Models that are
no decoders, that see a whole prompt at once, or that choose keys by the length of the text, give other numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

TOLERANCE = 2e-3
"""The largest difference of a log-probability that rounding explains in float32."""

COARSE = 0.3
"""The same in half precision."""


@dataclass
class Steps:
    """What each step said about the next token: its best one, and the log-probability of that, for each row."""

    best: list[Tensor] = field(default_factory=list)
    log_probability: list[Tensor] = field(default_factory=list)
    num_new: int = 0
    """The number of generated tokens of the chosen text; the first of them is the first step's."""
    lengths: list[int] = field(default_factory=list)
    """The number of positions with logits in each step."""

    def take(self, output: Any) -> None:
        """Add a step, from what the model returned in it."""
        logits = logits_of(output)
        if logits is not None:
            last = torch.log_softmax(logits[:, -1].float(), dim=-1)
            value, best = last.max(-1)
            self.best.append(best)
            self.log_probability.append(value)
            self.lengths.append(int(logits.shape[1]))

    def clear(self) -> None:
        """Forget all steps, because the generation begins anew."""
        self.best.clear()
        self.log_probability.clear()
        self.lengths.clear()

    @property
    def single(self) -> bool:
        """Whether each step wrote one token; steps that try several at a time do not tell which ones they kept."""
        first, later = self.lengths[:1], self.lengths[1:]
        grows = all(length == first[0] + step for step, length in enumerate(later, start=1)) and first != [1]
        return grows or all(length == 1 for length in later)

    def difference(self, outputs: Any) -> float | None:
        """Return how far the pass is from the steps at most, as a log-probability; None if they can't be compared.

        Parameters
        ----------
        outputs
            What the model returned in a pass over the whole text, with the logits of its last `num_new + 1` positions.
        """
        logits = logits_of(outputs)
        counted = 0 < self.num_new <= len(self.best) and self.single
        if logits is None or not counted or logits.shape[1] <= self.num_new:
            return None
        worst = 0.0
        for step in range(self.num_new):
            best, value = self.best[step], self.log_probability[step]
            own = torch.log_softmax(logits[0, step - self.num_new - 1].float(), dim=-1)
            # Beams change places between steps, so the nearest row is the text's.
            worst = max(worst, float((own[best.to(own.device)] - value.to(own.device)).abs().min()))
        return worst

    @property
    def unfollowed(self) -> bool:
        """Whether fewer steps were followed than tokens were generated, because they do not continue one another."""
        return 0 < len(self.best) < self.num_new and self.single

    def agrees(self, other: Steps) -> bool:
        """Return whether the same steps, run again for one text, say the same."""
        if len(other.best) < self.num_new or self.num_new > len(self.best):
            return False
        apart = [
            (value.to(again.device) - again).abs().min()  # beams change places, so the nearest row is the text's
            for value, again in zip(self.log_probability[: self.num_new], other.log_probability, strict=False)
        ]
        return all(float(one) <= COARSE for one in apart)

    def differ(self, outputs: Any) -> float | None:
        """Return by how much the pass differs from the steps, beyond rounding; None if it does not."""
        found, logits = self.difference(outputs), logits_of(outputs)
        if found is None or logits is None:
            return None
        bound = TOLERANCE if torch.finfo(logits.dtype).eps < 1e-5 else COARSE
        return None if found <= bound else found


def note_of_steps(difference: float) -> str:
    """Return the sentence for the report of a text whose rows are those of its steps."""
    return (
        "Each row is what the decoding step gave that read its token. A pass over the whole text differs from the "
        f"model's own steps: it gives a next token another log-probability, by {difference:.2g}. Queries and keys are "
        "not kept."
    )


def warned_of_unfollowed() -> str:
    """Warn that a pass could not be held against its steps, and return the sentence for the report."""
    note = (
        "This shows one pass over the whole text, which was not held against the model's decoding steps: they read "
        "other tokens than the text so far, such as a mask token behind it. The weights of the steps may differ."
    )
    warnings.warn(note, UserWarning, stacklevel=2)
    return note


def warned(difference: float) -> str:
    """Warn that a pass is not what the steps did, and return the sentence for the report."""
    note = (
        "This shows one pass over the whole text, and the model's own decoding steps differ from it: they gave "
        f"a next token another log-probability, by {difference:.2g}. Its positions look ahead, or its steps read other "
        "inputs than a pass does, so the weights of the steps differ as well."
    )
    warnings.warn(note, UserWarning, stacklevel=2)
    return note


def logits_of(output: Any) -> Tensor | None:
    """Return the logits in a model's output, shape (texts, positions, vocabulary); None if there are none."""
    logits = output.get("logits") if isinstance(output, Mapping) else None
    return logits if isinstance(logits, Tensor) and logits.dim() == 3 else None
