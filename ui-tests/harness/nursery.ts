import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HARNESS, RESULTS } from "./paths";
import { THREADS } from "./workers";

/** torch and transformers are read from a cold disk, on a busy machine. */
const START_LIMIT = 200_000;

/** Kernels of one Python that have already imported torch, transformers and Headscope when they start. */
export interface Nursery {
  /** A folder for Jupyter's data in which `python3` is such a kernel. */
  readonly data: string;
  stop(): Promise<void>;
}

/** Starts the process from which such kernels are forked. */
export async function startNursery(python: string): Promise<Nursery> {
  const data = mkdtempSync(join(tmpdir(), "headscope-kernels-"));
  const [script, place] = [join(HARNESS, "nursery.py"), join(data, "socket")];
  const nursery = spawn(python, [script, "serve", place], {
    env: { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: THREADS },
    // It ends when its input closes, which happens when this process ends.
    stdio: ["pipe", "ignore", "pipe"],
  });
  mkdirSync(RESULTS, { recursive: true });
  nursery.stderr.pipe(createWriteStream(join(RESULTS, "nursery.log")));
  const folder = join(data, "kernels", "python3");
  mkdirSync(folder, { recursive: true });
  // -I and -S: the process between server and kernel needs only the standard library.
  const argv = [python, "-IS", script, "kernel", place, "-f", "{connection_file}"];
  writeFileSync(
    join(folder, "kernel.json"),
    JSON.stringify({ argv, display_name: "Python 3 (ipykernel)", language: "python", metadata: { debugger: true } }),
  );
  const stop = async () => {
    const ended = nursery.exitCode === null ? once(nursery, "exit") : Promise.resolve();
    nursery.kill();
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  for (const limit = Date.now() + START_LIMIT; !existsSync(place); await sleep(50)) {
    if (nursery.exitCode === null && Date.now() < limit) continue;
    await stop();
    throw new Error("No kernel can be forked, see nursery.log.");
  }
  return { data, stop };
}
