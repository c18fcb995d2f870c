"""Locating a chat's messages in the rendered text: the templates of models, and templates that hide the messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headscope.tracing.inputs.message_spans import Chat

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
OWN_SYSTEM = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}" + CHATML
LLAMA_3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}"
    "<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('they take turns') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAMA_2 = (
    "{% if messages[0].role == 'system' %}{% set said = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set said = '' %}{% set turns = messages %}{% endif %}"
    "{% if not turns %}{{ raise_exception('nobody asks') }}{% endif %}{% for m in turns %}{% if m.role == 'user' %}"
    "{{ bos_token }}[INST] {{ (said if loop.first else '') + m.content }} [/INST]{% else %} {{ m.content }} </s>"
    "{% endif %}{% endfor %}"
)
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
BACKWARDS = "{% for m in messages | reverse %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
LAST_ALONE = "{{ messages[-1].content }}"
SHOUTING = "{% for m in messages %}{{ loop.length }}{{ m.role }}: {{ m.content | upper }}\n{% endfor %}"

TALK = [
    {"role": "system", "content": "Answer."},
    {"role": "user", "content": "user"},
    {"role": "assistant", "content": "Yes. "},
    {"role": "user", "content": "Why?"},
]


class Template:
    """The part of a tokenizer that renders chats."""

    def __init__(self, source: str, bos_token: str | None = None) -> None:
        self.bos_token = bos_token
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = self.refuse
        self.template = environment.from_string(source)

    def refuse(self, message: str) -> None:
        raise ValueError(message)

    def apply_chat_template(self, messages: Any, add_generation_prompt: bool, tokenize: bool) -> str:
        assert not tokenize
        return self.template.render(
            messages=messages, bos_token=self.bos_token, add_generation_prompt=add_generation_prompt
        )


def found(source: str, messages: Any, bos: str | None = None, continued: bool = False) -> list[tuple[str, str]]:
    chat = Chat(Template(source, bos), messages, continued)
    return [(one.name, chat.text[one.start : one.stop]) for one in chat.find_messages()]


@pytest.mark.parametrize("continued", [False, True])
def test_a_message_is_all_that_it_adds(continued: bool) -> None:
    assert found(CHATML, TALK, "<|im_start|>", continued) == [
        ("system", "<|im_start|>system\nAnswer.<|im_end|>\n"),
        ("user", "<|im_start|>user\nuser<|im_end|>\n"),
        ("assistant", "<|im_start|>assistant\nYes. <|im_end|>\n"),
        ("user", "<|im_start|>user\nWhy?<|im_end|>\n"),
    ]


def test_text_that_the_template_adds_is_a_system_message() -> None:
    own = found(OWN_SYSTEM, TALK[1:], "<|im_start|>")
    assert own[0] == ("system", "<|im_start|>system\nBe kind.<|im_end|>\n")
    assert own[1:] == found(CHATML, TALK[1:])
    assert found(OWN_SYSTEM, TALK) == found(CHATML, TALK)


@pytest.mark.parametrize(("source", "messages"), [(LLAMA_3, TALK), (LLAMA_3, TALK[1:]), (GEMMA, TALK[1:])])
def test_the_bos_token_does_not_belong_to_a_message(source: str, messages: Any) -> None:
    segments = found(source, messages, "<bos>")
    assert [name for name, _ in segments] == [message["role"] for message in messages]
    assert segments[0][1].startswith(("<|start_header_id|>", "<start_of_turn>"))
    assert "<bos>" + "".join(text for _, text in segments) == Chat(Template(source, "<bos>"), messages).text


def test_one_message_of_a_template_that_begins_all_alike() -> None:
    assert found(CHATML, TALK[:1], "<|im_start|>") == [("system", "<|im_start|>system\nAnswer.<|im_end|>\n")]


def test_a_message_that_stands_in_another_is_its_content() -> None:
    assert found(LLAMA_2, TALK, "<s>") == [
        ("system", "Answer."),
        ("user", "user"),
        ("assistant", "Yes. "),
        ("user", "Why?"),
    ]


def test_a_template_that_changes_earlier_messages() -> None:
    assert [text for _, text in found(THINKING, TALK)] == [message["content"] for message in TALK]


@pytest.mark.parametrize("source", [BACKWARDS, LAST_ALONE, SHOUTING, "", "{{ raise_exception('no') }}", "always"])
def test_a_template_that_does_not_show_its_messages(source: str) -> None:
    assert found(source, TALK) == []


def test_contents_of_several_parts_are_not_located() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, *TALK[2:]]
    assert found(THINKING, messages) == []
    assert [name for name, _ in found(CHATML, messages)] == ["user", "assistant", "user"]


CONTENTS = st.text(st.characters(exclude_categories=["Cs", "Co"]), min_size=1)


@given(st.lists(CONTENTS, min_size=1, max_size=4), st.sampled_from([CHATML, OWN_SYSTEM, LLAMA_3, GEMMA, THINKING]))
def test_each_message_holds_its_content(contents: list[str], source: str) -> None:
    roles = ["user", "assistant"] * 2
    messages = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]
    segments = [one for one in found(source, messages, "<bos>") if one[0] != "system"]
    assert [name for name, _ in segments] == roles[: len(contents)]
    for (_, text), content in zip(segments, contents, strict=True):
        assert content.strip() in text


@given(st.lists(CONTENTS, min_size=1, max_size=4), st.sampled_from([CHATML, LLAMA_3, GEMMA, LLAMA_2, THINKING]))
def test_contents_are_where_they_are(contents: list[str], source: str) -> None:
    messages = [
        {"role": role, "content": content} for role, content in zip(["user", "assistant"] * 2, contents, strict=False)
    ]
    chat = Chat(Template(source, "<bos>"), messages)
    spans = chat.find_contents()
    assert [chat.text[one.start : one.stop].strip() for one in spans] == [content.strip() for content in contents]
