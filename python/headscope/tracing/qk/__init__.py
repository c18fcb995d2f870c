"""The queries and keys of a layer, the rules of its attention, and the computation of its weights."""
