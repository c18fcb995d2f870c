/** How long a file of a gigabyte takes to open, and what is read of it; see `benchmarks/README.md`. */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, dirname } from "node:path";
import type { Page } from "playwright-core";
import { newFolder, onDisk, type Sizes, writeAttentionFile } from "../ui-tests/attention-file";
import { listed, openLab } from "../ui-tests/document-page";
import { expect, test } from "../ui-tests/harness/index";

const RESULT = new URL("results/file.md", import.meta.url);
const RUNS = 5;
const MIB = 1024 * 1024;

const words = (count: number) => Array.from({ length: count }, (_, position) => `t${position}`);

/** Two shapes of a gigabyte: many layers of a page of text, and few of a long one. */
const SHAPES: readonly Sizes[] = [
  { layers: 160, heads: 12, headDim: 64, tokens: words(1024) },
  { layers: 20, heads: 9, headDim: 64, tokens: words(10_900) },
];

interface Opening {
  /** Milliseconds from the double click until the first thumbnails are painted. */
  readonly first: number;
  /** Until the view says that it is ready, or what it can't show. */
  readonly whole: number;
  readonly says: string;
}

/** Fills the data of a file with random numbers from -2 to 2, so that the disk has all of them. */
function fill(path: string, size: number): void {
  const file = openSync(path, "r+");
  const prefix = Buffer.alloc(8);
  readSync(file, prefix, 0, 8, 0);
  const values = Float32Array.from(randomBytes(2 * MIB), (byte) => (byte - 128) / 64);
  const block = new Uint8Array(values.buffer);
  for (let at = 8 + Number(prefix.readBigUInt64LE()); at < size; at += block.length) {
    writeSync(file, block, 0, Math.min(block.length, size - at), at);
  }
  closeSync(file);
}

/** In the page: waits for a double click, and tells how the file opens. */
function watchOpening(page: Page): Promise<Opening> {
  return page.evaluate(async () => {
    const begin = await new Promise<number>((resolve) => {
      document.addEventListener("dblclick", () => resolve(performance.now()), { capture: true, once: true });
    });
    const root = () => document.querySelector<HTMLElement>(".headscope-file .headscope");
    const until = async (isThere: () => boolean) => {
      while (!isThere()) await new Promise((resolve) => requestAnimationFrame(resolve));
      // A task that a frame leaves behind runs once it has been painted.
      await new Promise((resolve) => setTimeout(resolve));
      return performance.now() - begin;
    };
    const first = await until(() => {
      const canvas = root()?.querySelector<HTMLCanvasElement>(".hs-grid canvas");
      if (!canvas?.width || !canvas.height) return false;
      const row = canvas.getContext("2d")?.getImageData(0, 8, canvas.width, 1).data ?? [];
      return row.some((value) => value > 0);
    });
    const whole = await until(() => ["ready", "error"].includes(root()?.dataset.state ?? ""));
    return { first, whole, says: root()?.querySelector(".hs-notice span")?.textContent ?? "" };
  });
}

/** Opens a file by a double click on a page that has opened none. */
async function open(page: Page, path: string): Promise<Opening & { bytes: number }> {
  let bytes = 0;
  page.on("response", async (response) => {
    if (response.url().includes("/files/")) bytes += Number(response.headers()["content-length"]);
  });
  await openLab(page, dirname(path));
  const opening = watchOpening(page);
  await listed(page, basename(path)).dblclick();
  return { ...(await opening), bytes };
}

const rows: string[] = [];

for (const sizes of SHAPES) {
  const shape = `${sizes.layers} layers x ${sizes.heads} heads, ${sizes.tokens.length} tokens`;
  test(`a file of ${shape}`, async ({ page, anotherPage }) => {
    const path = `${newFolder()}/large.attn.safetensors`;
    const size = writeAttentionFile(path, sizes);
    fill(onDisk(path), size);
    const runs: Awaited<ReturnType<typeof open>>[] = [];
    for (let run = 0; run < RUNS; run++) {
      const own = run === 0 ? page : await anotherPage();
      runs.push(await open(own, path));
      await own.close();
    }
    rmSync(onDisk(path));
    const of = (name: "first" | "whole" | "bytes") => runs.map((run) => run[name]);
    const read = Math.max(...of("bytes")) / 1e6;
    expect(read).toBeGreaterThan(0);
    const says = runs[0]?.says ? ` (${runs[0].says})` : "";
    rows.push(
      `| ${shape} | ${(size / 1e9).toFixed(2)} GB | ${spread(of("first"))} | ${spread(of("whole"))}${says} | ${read.toFixed(1)} MB |`,
    );
    writeFileSync(RESULT, report());
  });
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b).map((time) => (time / 1000).toFixed(2));
  return `${sorted[Math.floor(sorted.length / 2)]} s (${sorted[0]}-${sorted.at(-1)})`;
}

function report(): string {
  const load = loadavg()
    .map((one) => one.toFixed(1))
    .join(", ");
  return `# Opening a file of a gigabyte

Seconds from the double click in JupyterLab's file browser, median and range of ${RUNS}, each on a page that has opened no file
before: so the loading of the explorer's code is in it. "First picture": the first thumbnails are painted. "Whole": all
thumbnails, and the lines of layer 0 (a stretch of one head of it), their weights computed in the page. "Read": what the page got of the file by
then, at most. Numbers in the file are random, 32-bit; the server is on the same machine, and the system may have kept the file
in memory.

| file | size | first picture | whole | read |
|------|------|---------------|-------|------|
${rows.join("\n")}

Conditions: Chromium without a GPU, ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores; load ${load}.

Command: \`npx vitest run -c benchmarks/file.config.ts\`
`;
}
