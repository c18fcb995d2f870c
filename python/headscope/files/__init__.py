"""Captures as files, `NAME.attn.safetensors`: numbers and text in the safetensors format, nothing that could run.

The format is described in `docs/file-format.md`. `saving` writes a file: `describing` says what of a capture goes into
it, `writing` how. `loading` reads one: `reading` finds the tensors, `fields` checks the description, `restoring`,
`layers` and `vectors` make a capture of them again. Nobody vouches for a file: whatever is in one, reading it gives a
capture or a ValueError.
"""

from headscope.files.loading import load
from headscope.files.saving import save

__all__ = ["load", "save"]
