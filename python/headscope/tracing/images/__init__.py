"""Name positions that are not text: image patches, image tokens inside a text, shifted windows, sound frames."""
