"""Prompt and continuation of a decoder as one text, with the prompt's padding, as the steps read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from headscope.text.tokens import read_ids
from headscope.tracing.generation.written import Written
from headscope.tracing.inner_model import accepted, inner_model
from headscope.tracing.inputs.chat import text_tokenizer


def continued(
    model: Any, own: dict[str, Any], sequence: Tensor, ends: Sequence[int], tokenizer: Any, names: Sequence[str] | None
) -> Written:
    """Return prompt and continuation as one text.

    Parameters
    ----------
    model
        The model.
    own
        The inputs of the prompt, a batch of one: its ids, or its embeddings.
    sequence
        What `generate` returned for it, shape (positions,): the prompt's ids, if it has any, and the new ones.
    ends
        The ids that end a text.
    tokenizer
        The tokenizer; None shows ids as numbers.
    names
        The user's names of the prompt's positions, or of all positions; None for those of the tokens.

    Raises
    ------
    ValueError
        The prompt is neither ids nor embeddings, its mask or names do not fit it, or it is embeddings and the model has
        no single table of them.
    """
    ids, embedded = own.pop("input_ids", None), own.pop("inputs_embeds", None)
    prompt = ids if embedded is None else embedded
    if not isinstance(prompt, Tensor):
        raise ValueError("the prompt must be token ids: pass a text, or inputs= with input_ids or inputs_embeds.")
    own.pop("past_key_values", None)  # what it holds is computed again, from the same ids
    length = prompt.shape[1]
    shown = _shown(own.pop("attention_mask", None), length, prompt.device)
    new = until_end(sequence[0 if ids is None else ids.shape[1] :], 0, ends)
    before = list(own)
    whole_mask = torch.cat([shown, shown.new_ones(len(new))])
    if not bool(whole_mask.all()):  # padding may count in positions, windows and recurrent states, so it has to stay
        own["attention_mask"] = whole_mask[None].long()
        if "position_ids" in accepted(model) and "position_ids" not in own:
            own["position_ids"] = (whole_mask.cumsum(0) - 1).clamp(min=0)[None]
    for name, value in own.items():
        of_prompt = isinstance(value, Tensor) and value.dim() in (2, 3) and value.shape[-1] == length
        if of_prompt and name in before:
            own[name] = _longer(name, value, len(new))
    if embedded is None:
        whole = {"input_ids": torch.cat([prompt[0], new])[None]}
    else:
        table = (inner_model(model) or model).get_input_embeddings()
        if isinstance(table, torch.nn.ModuleList):
            raise ValueError(
                f"{type(model).__name__} embeds each generated token by another table, so its text can't be continued "
                "from embeddings: pass inputs= with input_ids."
            )
        whole = {"inputs_embeds": torch.cat([embedded, table(new[None]).to(embedded)], dim=1)}
    given = _names(names, shown, new, tokenizer) if names is not None or embedded is not None else None
    names_of_input = {} if given is None else {"input_ids": given}
    return Written(own | whole, int(shown.sum()), tokens=names_of_input, new_ids=new)


def until_end(sequence: Tensor, num_prompt: int, ends: Sequence[int]) -> Tensor:
    """Return a sequence up to its end token, after which shorter sequences of a batch are padded."""
    at = torch.isin(sequence[num_prompt:], torch.tensor(ends, device=sequence.device)).nonzero()
    return sequence if not len(at) else sequence[: num_prompt + int(at[0]) + 1]


def _shown(mask: Any, length: int, device: torch.device) -> Tensor:
    if mask is None:
        return torch.ones(length, dtype=torch.bool, device=device)
    if not isinstance(mask, Tensor) or mask.shape != (1, length):
        raise ValueError(
            f"inputs['attention_mask'] must have one number for each of the {length} positions of the prompt, shape "
            f"(texts, {length}), so that it can go on with the generated text."
        )
    return mask[0].bool()


def _longer(name: str, value: Tensor, count: int) -> Tensor:
    """Return an argument of a number for each position with those of the generated tokens, as `generate` does it."""
    if "position_ids" in name:
        after = value[..., -1:] + torch.arange(1, count + 1, device=value.device)
        return torch.cat([value, after], dim=-1)
    if name == "token_type_ids":
        return torch.cat([value, value[..., -1:].expand(*value.shape[:-1], count)], dim=-1)
    if value.dim() == 2 and not value.is_floating_point():  # other types of tokens: generated ones are text, type 0
        return pad(value, (0, count))
    return value


def _names(names: Sequence[str] | None, shown: Tensor, new: Tensor, tokenizer: Any) -> list[str]:
    owner = text_tokenizer(tokenizer)
    texts = [str(id_) for id_ in new.tolist()] if owner is None else read_ids(owner, new.tolist()).texts
    kept = shown.nonzero()[:, 0].tolist()
    if names is None:
        return [*(str(place) for place in kept), *texts]
    if len(names) == len(kept) + len(texts):
        return list(names)
    if len(names) == len(shown):
        return [*(names[place] for place in kept), *texts]
    if len(names) != len(kept):
        raise ValueError(
            f"tokens has {len(names)} names for the {len(kept)} positions of the prompt: give one for each."
        )
    return [*names, *texts]
