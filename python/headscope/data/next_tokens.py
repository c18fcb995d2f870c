"""The most probable next tokens at each position, and which tokens were generated."""

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

    @property
    def nbytes(self) -> int:
        """The memory of the ids and probabilities, in bytes."""
        return self.ids.nbytes + self.probabilities.nbytes


@dataclass(frozen=True)
class Generation:
    """Which tokens of a capture are the prompt, and which were generated."""

    map: str
    """The name of the attention map whose queries these tokens are, such as the decoder's."""
    num_prompt: int
    """The number of tokens before the first generated one."""
    steps: tuple[int | None, ...]
    """The zero-based step that generated each query token; None for tokens of the prompt."""
