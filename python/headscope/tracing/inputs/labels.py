"""Read the probabilities of a classifier's labels from its logits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from headscope.data.next_tokens import LabelProbabilities

GIVES_LABELS = re.compile(r"For(Audio|Image|Sequence|Token|Video)Classification")
"""The names of classes whose logits are of the labels in `config.id2label`."""


def read_labels(logits: Tensor, model: Any) -> LabelProbabilities | None:
    """Return the probabilities of labels; None for a model that has none, as one that predicts numbers.

    Parameters
    ----------
    logits
        Shape (labels,), or (positions, labels) for a classifier of tokens.
    model
        The model of transformers.
    """
    names, kind = getattr(model.config, "id2label", None), getattr(model.config, "problem_type", None)
    count = logits.shape[-1]
    if not isinstance(names, Mapping) or set(names) != set(range(count)) or count < 2 or kind == "regression":
        return None
    if not GIVES_LABELS.search(type(model).__name__) or ("ForToken" in type(model).__name__) != (logits.dim() == 2):
        return None
    independent = kind == "multi_label_classification"
    found = logits.float().sigmoid() if independent else torch.softmax(logits.float(), dim=-1)
    if not bool(found.isfinite().all()):
        return None
    return LabelProbabilities(tuple(str(names[label]) for label in range(count)), found.cpu().numpy())
