import { appendFileSync } from "node:fs";

export type LongView = "head" | "explorer" | "matrix";

/** What `benchmarks/long.py` asks for. */
export interface Job {
  /** Where measurements go: one as JSON a line. */
  readonly out: string;
  readonly captures: readonly CaptureJob[];
  readonly views: readonly LongView[];
  /** How often each step is done. */
  readonly rounds: number;
  /** The capture whose cold switches are profiled. */
  readonly profile: CaptureJob | null;
}

/** Which capture: SmolLM2 over a text, or made-up queries and keys. */
export interface CaptureJob {
  readonly tokens: number;
  readonly layers: number;
  readonly heads: number;
  readonly made: boolean;
  /** The heads that views open with; null for all, as they do by themselves. */
  readonly shown: readonly number[] | null;
  /** Whether each round has a capture of its own, of which nothing is known yet. */
  readonly fresh: boolean;
}

export function job(): Job {
  const given = process.env.HEADSCOPE_BENCH;
  if (!given) throw new Error("HEADSCOPE_BENCH says nothing: run benchmarks/long.py, which asks for what is measured.");
  return JSON.parse(given) as Job;
}

/** Hands a measurement to `benchmarks/long.py`, at once: what is measured stays, whatever comes after. */
export function tell(measured: Record<string, unknown>): void {
  appendFileSync(job().out, `${JSON.stringify(measured)}\n`);
}
