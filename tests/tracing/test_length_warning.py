"""transformers' warning about long texts: gone where Headscope handles the length, and nowhere else."""

from __future__ import annotations

import logging

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertModel, LlamaConfig, LlamaModel, PreTrainedTokenizerFast

import headscope as hs

SAID = "Token indices sequence length is longer than"
LONG = "red green blue " * 10
SIZES = {"vocab_size": 8, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.fixture
def messages():
    handler, logger = Kept(), logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    yield handler.messages
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def tokenizer():
    words = ["<pad>", "<unk>", "red", "green", "blue"]
    backend = Tokenizer(WordLevel({word: id_ for id_, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>", model_max_length=8)


@pytest.fixture
def bert():
    return BertModel(BertConfig(**SIZES, max_position_embeddings=8)).eval()


def warnings_of(messages):
    return [message for message in messages if message.startswith(SAID)]


def test_windows_need_no_warning_and_a_later_call_has_it(bert, tokenizer, messages):
    hs.capture_batch(bert, tokenizer, LONG, window=8)
    hs.capture_batch(bert, tokenizer, [LONG, LONG], window=True)
    assert warnings_of(messages) == []
    tokenizer(LONG)
    assert len(warnings_of(messages)) == 1


@pytest.mark.parametrize("form", ["text", "list", "chat"])
def test_an_error_about_the_length_needs_no_warning(bert, tokenizer, messages, form):
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    text = {"text": LONG, "list": [LONG, "red"], "chat": [{"role": "user", "content": LONG}]}[form]
    with pytest.raises(ValueError, match="has 30 tokens, but the model has positions for 8"):
        hs.capture(bert, tokenizer, text)
    with pytest.raises(ValueError, match="has 30 tokens, but the model has positions for 8"):
        hs.capture_batch(bert, tokenizer, [text] if form != "list" else text)
    assert warnings_of(messages) == []
    hs.capture(bert, tokenizer, text, truncate=True)
    assert warnings_of(messages) == []


def test_a_model_that_reads_the_text_beyond_its_limit_still_warns_once(tokenizer, messages):
    model = LlamaModel(LlamaConfig(**SIZES, max_position_embeddings=8)).eval()
    hs.capture(model, tokenizer, LONG)
    hs.capture(model, tokenizer, LONG)
    assert len(warnings_of(messages)) == 1


def test_other_messages_are_not_held_back(bert, tokenizer, messages, monkeypatch):
    logger = logging.getLogger("transformers.tokenization_utils_base")
    own = type(tokenizer).__call__

    def call(self, *args, **options):
        logger.warning("Another message.")
        return own(self, *args, **options)

    monkeypatch.setattr(type(tokenizer), "__call__", call)
    hs.capture_batch(bert, tokenizer, LONG, window=8)
    assert "Another message." in messages
    assert warnings_of(messages) == []
