"""Every model type of the installed transformers that can be built small, judged against its own attention."""
