"""Run the cases of the model types that are named on the command line, and print their outcomes."""

from __future__ import annotations

import sys
import warnings

import torch
import transformers

from zoo.every.cases import outcomes


def main() -> None:
    """Run types and print a line per case."""
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    for kind in sys.argv[1:]:
        for one in outcomes(kind):
            number = "" if one.difference != one.difference else f"{one.difference:.1e}"
            print(
                one.result, one.kind, one.model, one.form, number, one.maps, one.tiers, one.why, *one.notes, sep=" | "
            )


if __name__ == "__main__":
    main()
