import { SMOLLM2_MODEL } from "./examples";

/** A cell that makes `capture` of `tokens` tokens, from a text that every Python has. */
export function longCapture(tokens: number, options = ""): string {
  return `${SMOLLM2_MODEL}
import argparse, inspect, textwrap

text = inspect.getsource(textwrap) + inspect.getsource(argparse)
batch = tokenizer(text, truncation=True, max_length=${tokens}, return_tensors="pt")
capture = hs.capture(model, tokenizer, inputs=batch, progress=False${options})
`;
}

/** A cell that makes `capture` of a chat of three messages. */
export const CHAT = `${SMOLLM2_MODEL}
capture = hs.capture(model, tokenizer, [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
])
`;
