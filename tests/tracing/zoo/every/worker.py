"""The process that runs model types: it reads their names, a line each, and writes outcomes, a line of JSON each."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict

import torch
import transformers

from zoo.every.cases import outcomes


def main() -> None:
    """Run types until the names end."""
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    for line in sys.stdin:
        for outcome in outcomes(line.strip()):
            print(json.dumps(asdict(outcome)), flush=True)
        print("null", flush=True)


if __name__ == "__main__":
    main()
