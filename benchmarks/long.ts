/** Long inputs in a JupyterLab with a kernel, as `benchmarks/long.py` asks for them; see `benchmarks/README.md`. */
import { test } from "../ui-tests/harness/index";
import { type CaptureJob, job } from "./long/job";
import { baseOf, openCapture, runCell } from "./long/notebook";
import { profileSwitches } from "./long/profile";
import { Series } from "./long/series";

const { captures, views, rounds, profile } = job();

const nameOf = ({ tokens, layers, heads, made }: CaptureJob) =>
  `${tokens} tokens, ${layers} x ${heads} heads${made ? ", made up" : ""}`;

for (const capture of captures.filter(({ fresh }) => !fresh)) {
  test(`views of ${nameOf(capture)}`, async ({ page }) => {
    const wire = await openCapture(page, capture, views);
    for (const [index, view] of views.entries()) {
      const series = new Series(page, wire, capture, view, baseOf(capture, index));
      await series.open(index + 1);
      await series.layers(rounds);
      await series.moves(rounds);
      await series.heads(rounds);
      await series.close(index + 1);
    }
  });
}

// Of two layers one alone can be switched to: each round has a capture of its own.
for (const capture of captures.filter(({ fresh }) => fresh)) {
  test(`steps in ${nameOf(capture)}`, async ({ page }) => {
    const wire = await openCapture(page, capture, views);
    for (let round = 0; round < rounds; round++) {
      for (const [index, view] of views.entries()) {
        const series = new Series(page, wire, capture, view, baseOf(capture, index));
        await runCell(page, 0);
        await series.open(index + 1);
        await series.layers(1);
        await series.moves(1);
        await series.heads(1);
        await series.close(index + 1);
      }
    }
  });
}

if (profile) {
  test(`a profile of cold switches in ${nameOf(profile)}`, async ({ page }) => {
    await openCapture(page, profile, views);
    for (const [index, view] of views.entries()) await profileSwitches(page, profile, view, index + 1, rounds);
  });
}
