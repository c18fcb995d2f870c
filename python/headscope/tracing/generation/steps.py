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
        logits = _logits(output)
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
        logits = _logits(outputs)
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

    def note(self, outputs: Any) -> str | None:
        """Return a sentence for the report if the pass is not what the steps did, and warn of it; else None."""
        found, logits = self.difference(outputs), _logits(outputs)
        if found is None or logits is None:
            return None
        bound = TOLERANCE if torch.finfo(logits.dtype).eps < 1e-5 else COARSE
        if found <= bound:
            return None
        note = (
            "This shows one pass over the whole text, and the model's own decoding steps differ from it: they gave "
            f"a next token another log-probability, by {found:.2g}. Its positions look ahead, or its steps read other "
            "inputs than a pass does, so the weights of the steps differ as well."
        )
        warnings.warn(note, UserWarning, stacklevel=2)
        return note


def _logits(output: Any) -> Tensor | None:
    logits = output.get("logits") if isinstance(output, Mapping) else None
    return logits if isinstance(logits, Tensor) and logits.dim() == 3 else None
