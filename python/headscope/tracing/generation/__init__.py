"""Generated texts: let a model write, capture what it wrote, and hold the pass against the steps that wrote it."""
