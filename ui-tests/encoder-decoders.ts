/** First cells that capture encoder-decoders. */
import { join } from "node:path";
import { ROOT } from "./harness/index";

/** `capture`: the model that rewrites dates, 2 layers of 4 heads, on a date of 7 source tokens, and what it writes. */
export const DATES = `
import headscope as hs
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()
folder = ${JSON.stringify(join(ROOT, "examples/date_model/weights"))}
model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
capture = hs.capture(model, tokenizer, "Thursday the 5th of March 1998")
`;

/** `capture`: three attentions with different numbers of layers and heads, and 5 source and 3 target tokens. */
export const UNEVEN = `
import numpy as np
import headscope as hs

random = np.random.default_rng(0)

def weights(layers, heads, queries, keys):
    return [random.dirichlet(np.ones(keys), (heads, queries)).astype("f4") for _ in range(layers)]

attentions = dict(encoder_attentions=weights(3, 4, 5, 5), decoder_attentions=weights(2, 2, 3, 3))
attentions |= dict(cross_attentions=weights(2, 2, 3, 5), encoder_tokens=list("abcde"), decoder_tokens=list("xyz"))
capture = hs.from_attentions(**attentions)
`;

/** `capture`: a random T5, 3 layers of encoder and 2 of decoder, on 301 source and 290 target tokens. */
export const LONG_T5 = `
import torch
import headscope as hs
from transformers import T5Config, T5ForConditionalGeneration

torch.manual_seed(0)
sizes = dict(vocab_size=99, d_model=32, d_kv=8, d_ff=32, num_heads=4, num_layers=3, num_decoder_layers=2)
model = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0)).eval()
inputs = {"input_ids": torch.randint(3, 99, (1, 301)), "decoder_input_ids": torch.randint(3, 99, (1, 290))}
capture = hs.capture(model, inputs=inputs)
`;
