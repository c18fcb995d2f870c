"""Write docs/models.md: capture every model of the zoo, and of every type, and compare with their own attention."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "models.md"
CASES = ROOT / "build" / "models.jsonl"
"""Every case of the last run: what it was, its result and its reason."""
sys.path[:0] = [str(ROOT / "tests" / "tracing"), str(ROOT / "python")]

from zoo.every.judge import Outcome  # noqa: E402
from zoo.every.table import BAD, counts, result_of, section  # noqa: E402

HEADER = """# Models

Written by `make models` with torch {torch} and transformers {transformers}: each model is tiny and random, with sharp
attention. It is captured and compared with its own eager attention. The numbers are the largest difference of any
weight in any layer and head.

- **Tier 1** models go through transformers' attention interface, **tier 2** models call torch's fused kernel
  directly. Of both, a capture keeps queries and keys. **Tier 3** models compute attention step by step: a capture
  keeps the softmax that they multiply with their values.
- *plain*: one input; *batched*: one row of three; *padded*: one row of a batch with padding, on the left and on the
  right.
- *missing*: attention modules that ran but were not captured. `capture.report()` names them with the reason.
- *bf16*: weights computed in float32 from bfloat16 queries and keys, compared with eager attention, which rounds on
  its way. This is the error of the model's own arithmetic. It is largest if a model chooses keys by their scores
  (`glm_moe_dsa`), because rounding in earlier layers changes the choice.
"""

NOTES = """
A test checks these numbers: `make test` fails if a row differs from what the models yield.

## Not in the table above

- **Longformer, LED and Reformer** are refused: they attend in bands or buckets of keys, so no matrix of queries by
  keys exists. **BigBird** is captured with `attention_type="original_full"`, and refused with `"block_sparse"`, which
  draws blocks of keys at random. Models without attention, such as Mamba, are refused by name.
- A model class of your own is captured in whatever way its parts allow. If they allow none, it is refused before the
  pass, or the missing modules are in `capture.report()`.

## Inputs and wrappers

- **Generation** equals the model's own decoding steps within 1e-5: greedy search, sampling, beams, several returned
  sequences, a static cache, padding on the left, prompt lookup, and encoder-decoders (self and cross-attention). Where
  a pass over the whole text differs from the steps (PaliGemma's prefix, sparse indexers, encoders that write), the text
  is written again and each row is taken from its step. XLM and Flaubert, whose steps read a mask token behind the text,
  show one pass, with a warning.
- **Images within a text** are named by patch (`image 3,5`: row 3, column 5) if the config names the placeholder token
  of an image and the sizes agree: in the tests LLaVA, Gemma 3, Llama 4, Idefics 3, InternVL, Mistral 3, Qwen2-VL and
  Qwen2.5-VL. If an image becomes a number of learned vectors (Q-Former, Perceiver), or a model joins crops by rules
  of its own (LLaVA-NeXT), placeholders stay as they are. A tower that reads the images of a whole batch as one shows
  them all, and the report says so.
- **Offloaded weights**: tests cover models that accelerate offloads to memory, to disk or to both. They don't cover
  models on a graphics processor, or spread over several, because no such machine was available. The queries and keys
  of each layer stay on the device that computed them.
- **Quantised weights**: tests cover PyTorch's dynamic int8 layers. optimum-quanto 0.2.7 and torchao 0.18 (int8
  weights) and PEFT 0.21 (LoRA) were tried by hand on Llama, BERT, GPT-J, BART and Qwen2-VL, with differences under
  2e-6; bitsandbytes, GPTQ and AWQ, which need a graphics processor, were not tried.
- **Lower precision**: weights are computed in float32 from the model's bfloat16 or float16 queries and keys, and the
  report says so.
"""


def main(kinds: list[str]) -> int:
    """Run the zoo and every type, and write the document; given names of types, run these and print their cases."""
    from zoo.every.classes import types
    from zoo.every.pool import run_all

    def tell(kind: str, found: list[Outcome]) -> None:
        bad = [one for one in found if kinds or one.result in BAD]
        for one in bad:
            print(f"{one.result:8} {kind}: {one.model} {one.form} {one.why}", flush=True)

    outcomes = run_all(kinds or types(), told=tell)
    if not kinds:
        CASES.parent.mkdir(exist_ok=True)
        CASES.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in outcomes))
        _write(section(outcomes, transformers.__version__))
    print(counts(outcomes))
    return int(any(result_of([one]) == "wrong" for one in outcomes))


def _write(every: str) -> None:
    from zoo.measure import measured, table_of
    from zoo.models import ZOO

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    rows = [measured(animal) for animal in ZOO]
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEADER.format(**versions) + "\n" + table_of(rows) + NOTES + every)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
