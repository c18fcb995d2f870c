"""Captures as files, `NAME.attn.safetensors`: numbers and text in the safetensors format, no executable content.

`docs/file-format.md` describes the format. `save` writes a file: `encode` selects what it holds, `safetensors_writer`
writes the bytes. `load` reads one: `safetensors_reader` finds the tensors, `fields` checks the description, and
`decode`, `layers` and `vectors` rebuild the capture. A file is untrusted input: reading it gives a capture or raises
ValueError.
"""
