"""Train the date model and save it into `weights/`, from the examples folder: `python -m date_model.train`.

Everything is seeded and runs on one CPU thread in a few minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import date
from pathlib import Path

import numpy as np
import torch
from transformers import BartConfig, BartForConditionalGeneration, GenerationConfig, PreTrainedTokenizerFast, set_seed

from .alignment import measure_alignment
from .dates import SPELLINGS, Spelled, spell, split_days
from .tokenizer import build_tokenizer

WEIGHTS = Path(__file__).parent / "weights"


def build_model(
    tokenizer: PreTrainedTokenizerFast, encoder_layers: int, decoder_layers: int, heads: int, width: int
) -> BartForConditionalGeneration:
    """Make an untrained BART of the given size."""
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.bos_token_id,
    }
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=width,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=2 * width,
        decoder_ffn_dim=2 * width,
        max_position_embeddings=64,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        forced_eos_token_id=None,
        attn_implementation="eager",
        **ids,
    )
    model = BartForConditionalGeneration(config)
    model.generation_config = GenerationConfig(max_new_tokens=12, **ids)
    return model


def sample(days: list[date], count: int, chance: random.Random) -> list[tuple[date, Spelled]]:
    """Draw `count` of `days`, each in a spelling drawn at random."""
    drawn = chance.choices(days, k=count)
    return [(when, spell(when, chance.choice(SPELLINGS))) for when in drawn]


def train(
    model: BartForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    days: list[date],
    *,
    steps: int,
    batch: int,
    rate: float,
    decay: float,
    chance: random.Random,
) -> None:
    """Teach `model` to write each of `days` in ISO 8601 from any of its spellings."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    model.train()
    started = time.monotonic()
    for step in range(1, steps + 1):
        samples = sample(days, batch, chance)
        source = tokenizer([spelled.text for _, spelled in samples], padding=True, return_tensors="pt")
        labels = tokenizer([when.isoformat() for when, _ in samples], return_tensors="pt").input_ids
        loss = model(**source, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step:5}  loss {loss.item():.5f}  {time.monotonic() - started:4.0f} s", flush=True)
    model.eval()


@torch.no_grad()
def exact_match(
    model: BartForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, samples: list[tuple[date, Spelled]]
) -> float:
    """Return the share of `samples` that `model.generate` rewrites without an error."""
    right = 0
    for start in range(0, len(samples), 500):
        part = samples[start : start + 500]
        source = tokenizer([spelled.text for _, spelled in part], padding=True, return_tensors="pt")
        written = tokenizer.batch_decode(model.generate(**source), skip_special_tokens=True)
        right += sum(text == when.isoformat() for text, (when, _) in zip(written, part, strict=True))
    return right / len(samples)


def report(
    model: BartForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, days: list[date], chance: random.Random
) -> None:
    """Print exact match and alignment on days that the model has not seen."""
    right = exact_match(model, tokenizer, sample(days, len(days), chance))
    print(f"exact match on {len(days)} held-out days: {right:.2%}")
    alignment = measure_alignment(model, tokenizer, sample(days, 500, chance))
    print_alignment("mean cross-attention weight on the source tokens of the character being written", alignment.mass)
    print("all tokens alike " + row(alignment.chance))
    print_alignment("share of dates in which the largest weight is on one of these tokens", alignment.pointing)


def print_alignment(title: str, values: np.ndarray) -> None:
    """Print `[layer, head, written character]` as a table."""
    print(f"\n{title}:\n  layer, head    " + "".join(f"{character:>6}" for character in "yyyy-mm-dd"))
    for layer, head in np.ndindex(values.shape[:2]):
        print(f"{layer:7}, {head:<8} " + row(values[layer, head]))
    print("  best head      " + row(values.max(axis=(0, 1))))


def row(values: np.ndarray) -> str:
    """Lay out one row of a table; hyphens have no value."""
    return "".join("     -" if np.isnan(value) else f"{value:6.2f}" for value in values)


def save(model: BartForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write model and tokenizer as `from_pretrained` reads them, float32."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # transformers 5 names a class here that transformers 4 does not know; both know the older name.
    settings = folder / "tokenizer_config.json"
    named = json.loads(settings.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    settings.write_text(json.dumps(named, indent=2) + "\n")


def main() -> None:
    """Train, report, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--encoder-layers", type=int, default=2)
    parser.add_argument("--decoder-layers", type=int, default=2)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(1)
    set_seed(args.seed)
    chance = random.Random(args.seed)
    seen, unseen = split_days()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, args.encoder_layers, args.decoder_layers, args.heads, args.width)
    print(f"{model.num_parameters():,} parameters, vocabulary of {len(tokenizer)}")
    train(model, tokenizer, seen, steps=args.steps, batch=args.batch, rate=args.rate, decay=args.decay, chance=chance)
    save(model, tokenizer, args.out)
    report(model, tokenizer, unseen, chance)


if __name__ == "__main__":
    main()
