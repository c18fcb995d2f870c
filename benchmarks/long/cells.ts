import { longCapture } from "../../ui-tests/long-capture";
import type { CaptureJob } from "./job";

/** A cell that makes `capture`, and tells how long it took and what the kernel then holds. */
export function captureCell(job: CaptureJob): string {
  const make = job.made ? madeCapture(job) : realCapture(job.tokens);
  return `${make}
import json, time
from pathlib import Path

def kernel_megabytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS"))
`;
}

/** SmolLM2 over a text that is long enough: that of the browser tests is, up to 28,000 tokens. */
function realCapture(tokens: number): string {
  return longCapture(tokens);
}

/** Queries and keys of SmolLM2's shape: three heads share keys, 64 dimensions, causal, three times as sharp as random. */
function madeCapture({ tokens, layers, heads }: CaptureJob): string {
  return `
import torch
from headscope.api import AttentionMap, Capture
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord, Rules

tokens, heads = ${tokens}, ${heads}
generator = torch.Generator().manual_seed(0)
visible = causal(tokens, tokens, torch.device("cpu"))

def made():
    query = torch.randn(heads, tokens, 64, generator=generator) * 1.5
    key = torch.randn(heads // 3, tokens, 64, generator=generator)
    return QKRecord(query, key, Rules(64**-0.5, visible=visible))

names = [f"t{n}" for n in range(tokens)]
capture = Capture([AttentionMap("self", [made() for _ in range(${layers})], names, names)])
`;
}
