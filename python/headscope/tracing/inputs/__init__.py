"""Turn the user's arguments into the model's inputs, and read their tokens, messages and segments."""
