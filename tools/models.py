"""Write docs/models.md: every architecture of the zoo, captured and held against its own eager attention."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

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
- *bf16*: weights computed in float32 from bfloat16 queries and keys, against eager attention that rounds on its way:
  how far the model's own arithmetic is off. It is largest where a model chooses keys by their scores (`glm_moe_dsa`),
  since rounding in the layers before changes the choice.

| model | tier | maps | plain | batched | padded | bf16 |
|---|---|---|---|---|---|---|
"""


def measured(animal: Any) -> list[str]:
    """Return one model's row of the table."""
    from zoo.compare import LENGTHS, differences, padded
    from zoo.models import build, inputs_of

    model = build(animal)
    plain = differences(model, animal, inputs_of(animal))
    batched = differences(model, animal, inputs_of(animal, batch=3), row=1)
    cells = [_worst(plain), _worst(batched), "", ""]
    if animal.reads in ("text", "pair"):
        batch = inputs_of(animal, batch=len(LENGTHS))
        cells[2] = _worst(*(differences(model, animal, padded(batch, side)) for side in ("left", "right")))
    cells[3] = _low(animal)
    return [f"`{animal.kind}`", str(animal.tier), ", ".join(animal.maps), *cells]


def _low(animal: Any) -> str:
    from zoo.compare import differences
    from zoo.models import build, inputs_of

    inputs = {
        name: value.bfloat16() if value.is_floating_point() else value for name, value in inputs_of(animal).items()
    }
    return _worst(differences(build(animal, torch.bfloat16), animal, inputs))


def _worst(*found: dict[str, float]) -> str:
    return f"{max(value for maps in found for value in maps.values()):.1e}"


def main() -> None:
    """Run the zoo and write the table."""
    from zoo.models import ZOO

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    rows = [f"| {' | '.join(measured(animal))} |" for animal in ZOO]
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEADER.format(**versions) + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
