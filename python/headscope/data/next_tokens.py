"""What a model predicts: tokens at each position, and labels; and which tokens were generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Candidates:
    """The most probable next tokens at each position."""

    ids: NDArray[np.int64]
    """Token ids, most probable first, shape (positions, k)."""
    probabilities: NDArray[np.float32]
    """The probabilities, from the softmax over the whole vocabulary, shape (positions, k)."""
    tokens: tuple[tuple[str, ...], ...]
    """The tokens as text; their ids if there was no tokenizer."""
    start: int = 0
    """The position of the first row: the pass over a long text computes the logits of its last token only."""
    masked: bool = False
    """Whether they are predicted for the position itself, by a masked language model, and not for the one after it."""

    @property
    def nbytes(self) -> int:
        """The memory of the ids and probabilities, in bytes."""
        return self.ids.nbytes + self.probabilities.nbytes


@dataclass(frozen=True, repr=False)
class LabelProbabilities:
    """The probabilities that a classifier gives its labels."""

    labels: tuple[str, ...]
    """The labels, in the order of the model's logits."""
    probabilities: NDArray[np.float32]
    """Shape (labels,) for the whole input, or (positions, labels) where each token has a label.

    They are the softmax of the logits, or the sigmoid of each if the model's config says that labels are independent.
    """

    @property
    def best(self) -> str | tuple[str, ...]:
        """The most probable label, or that of each position."""
        found = self.probabilities.argmax(-1)
        return self.labels[int(found)] if found.ndim == 0 else tuple(self.labels[int(one)] for one in found)

    @property
    def nbytes(self) -> int:
        """The memory of the probabilities, in bytes."""
        return self.probabilities.nbytes

    def __repr__(self) -> str:
        if self.probabilities.ndim > 1:
            return f"<Labels of {len(self.probabilities)} positions: {', '.join(self.labels)}>"
        order = (-self.probabilities).argsort()[:5]
        found = ", ".join(f"{self.labels[at]} {self.probabilities[at]:.3g}" for at in order)
        return f"<Labels: {found}{', ...' if len(self.labels) > len(order) else ''}>"


@dataclass(frozen=True, repr=False)
class Generation:
    """Which tokens of a capture are the prompt, and which were generated."""

    map: str
    """The name of the attention map whose queries these tokens are, such as the decoder's."""
    num_prompt: int
    """The number of tokens before the first generated one."""
    steps: tuple[int | None, ...]
    """The zero-based step that generated each query token; None for tokens of the prompt."""
    text: str = ""
    """The generated text, without special tokens; empty where it is not known, as for weights without a tokenizer."""

    def __repr__(self) -> str:
        count = len(self.steps) - self.steps.count(None)
        text = f": {self.text!r}" if self.text else ""
        return f"<Generation of {count} tokens after {self.num_prompt} of the prompt{text}>"
