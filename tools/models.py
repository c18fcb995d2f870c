"""Write docs/models.md: every architecture of the zoo, captured and held against its own eager attention."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "models.md"
sys.path[:0] = [str(ROOT / "tests" / "capture"), str(ROOT / "python")]

HEADER = """# Models

Written by `make models` with torch {torch} and transformers {transformers}: each model is a tiny random one whose
attention is sharp, captured and held against its own eager attention. The numbers are the largest difference of any
weight, of any layer and head.

- **Tier 1** models go through transformers' attention interface, **tier 2** models call torch's fused kernel by
  themselves: both leave queries and keys. **Tier 3** models compute attention in code of their own: they run with eager
  attention and leave weights alone, which two passes give alike.
- *plain*: one input; *batched*: a row of three; *padded*: a row of a batch with padding, on the left and on the right.
- *missing*: attention modules that ran and left nothing, which `capture.report()` names with the reason.
- *bf16*: weights computed in float32 from bfloat16 queries and keys, against eager attention that rounds on its way:
  how far the model's own arithmetic is off. It is largest where a model chooses keys by their scores (`glm_moe_dsa`),
  since rounding in the layers before changes the choice.
"""

NOTES = """
A test holds these numbers: `make test` fails where a row is not what the models yield.

## Not in the table

- **Longformer, LED and Reformer** are refused: they attend in bands or buckets of keys, so there is no matrix of
  queries by keys. **BigBird** is captured with `attention_type="original_full"`, and refused with `"block_sparse"`, in
  which blocks of keys are drawn at random. Models without attention, such as Mamba, are refused by name.
- A model class of your own is served by the way that its parts allow; what none allows is refused before the pass, or
  listed in `capture.report()`.

## Inputs and wrappers

- **Generation** equals the model's own decoding steps within 1e-5: greedy search, sampling, beams, several returned
  sequences, a static cache, padding on the left, prompt lookup, and encoder-decoders (self and cross-attention).
- **Images within a text** are named by patch (`image 3,5`: row 3, column 5) where the config says which token is an
  image's placeholder and the sizes agree: in the tests LLaVA, Gemma 3, Llama 4, Idefics 3, InternVL, Mistral 3,
  Qwen2-VL and Qwen2.5-VL. Where an image becomes a number of learned vectors (Q-Former, Perceiver), or crops are put
  together by a model's own rules (LLaVA-NeXT), placeholders stay as they are. A tower that reads the images of a whole
  batch as one shows them all, and the report says so.
- **Weights elsewhere**: models that accelerate offloads to memory, to disk or to both are tested. Models on a graphics
  processor, or spread over several, are not tested for want of such a machine; each layer's queries and keys stay on
  the device that they came from.
- **Quantised weights**: PyTorch's dynamic int8 layers are tested. optimum-quanto 0.2.7 and torchao 0.18 (int8 weights)
  and PEFT 0.21 (LoRA) were tried by hand on Llama, BERT, GPT-J, BART and Qwen2-VL, with differences under 2e-6;
  bitsandbytes, GPTQ and AWQ, which need a graphics processor, were not.
- **Lower precision**: weights are computed in float32 from what the model computed in bfloat16 or float16, and the
  report says so.
"""


def main() -> None:
    """Run the zoo and write the table."""
    from zoo.measure import measured, table_of
    from zoo.models import ZOO

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    rows = [measured(animal) for animal in ZOO]
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEADER.format(**versions) + "\n" + table_of(rows) + NOTES)


if __name__ == "__main__":
    main()
