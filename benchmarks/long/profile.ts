import type { Page } from "playwright-core";
import { kernel } from "../../ui-tests/harness/index";
import { type CaptureJob, type LongView, tell } from "./job";
import { baseOf } from "./notebook";
import { hide, show, take } from "./page";
import { functionsOf } from "./page-functions";

/** In the kernel: counts the time of the worker's thread, which computes what pages wait for. */
const COUNT_KERNEL = `
import cProfile, pstats
from headscope.widgets.worker import Worker
headscope_profile = cProfile.Profile()
headscope_run = Worker.__dict__["_run"]
Worker._run = lambda self: headscope_profile.runcall(headscope_run, self)
`;

/** The functions of most time of their own, leaving out waiting; the thread ends a few seconds after its last work. */
const TELL_KERNEL = `
import time
time.sleep(6)
Worker._run = headscope_run
found = pstats.Stats(headscope_profile).stats if headscope_profile.getstats() else {}
rows = [
    {"name": f"{Path(file).name}:{line} {name}" if line else name, "own": 1e3 * own, "all": 1e3 * all_}
    for (file, line, name), (_, _, own, all_, _) in found.items()
    if "acquire" not in name and "lock" not in name
]
print(json.dumps(sorted(rows, key=lambda row: -row["own"])[:12]))
`;

/** Profiles cold switches of the layer: the kernel's worker with cProfile, the page by samples. */
export async function profileSwitches(
  page: Page,
  capture: CaptureJob,
  view: LongView,
  cell: number,
  rounds: number,
): Promise<void> {
  await show(page, cell, view);
  // What is left to do for the first screen is no part of a switch: its thread ends first.
  await kernel(page, "import time; time.sleep(6)");
  await kernel(page, COUNT_KERNEL);
  const session = await page.context().newCDPSession(page);
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: 200 });
  await session.send("Profiler.start");
  for (let round = 1; round <= rounds; round++) await take(page, view, { layer: baseOf(capture, cell - 1) + round });
  const { profile } = await session.send("Profiler.stop");
  const functions = await functionsOf(session, profile);
  await session.detach();
  const worker = JSON.parse(await kernel(page, TELL_KERNEL)) as unknown[];
  tell({ ...capture, view, profile: { rounds, kernel: worker, page: functions } });
  await hide(page, cell);
}
