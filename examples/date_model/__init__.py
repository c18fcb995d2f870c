"""A tiny encoder-decoder that rewrites dates, small enough to see its cross-attention read the answer off the page."""
