"""What others computed, as attention maps: arrays, what models and `generate` return, caches of TransformerLens."""
