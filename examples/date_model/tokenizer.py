"""The date model's tokenizer: a word or a digit is a token, so that a line in a view means something."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from .dates import MONTHS, WEEKDAYS

SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")


def vocabulary() -> list[str]:
    """Return every token, in the order of its id."""
    months = [form for month in MONTHS for form in (month.lower(), month[:3].lower())]
    words = [*months, *(day.lower() for day in WEEKDAYS), "st", "nd", "rd", "th", "the", "of"]
    return list(dict.fromkeys([*SPECIAL_TOKENS, *"0123456789", *"-,./", *words]))


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Make the tokenizer: lower case, spaces dropped, every digit and punctuation mark alone, `</s>` at the end."""
    tokenizer = Tokenizer(models.WordLevel({token: index for index, token in enumerate(vocabulary())}, "<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\s+"), "removed"), pre_tokenizers.Split(Regex(r"\d|\p{P}"), "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", SPECIAL_TOKENS.index("</s>"))]
    )
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
