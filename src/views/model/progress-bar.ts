import { element } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { LayersProgress, OverviewWatch } from "../fetch/fetch-overviews";

/** Shorter work gets no bar, in milliseconds. */
const SHORT = 600;

/** Shows how many layers are done and how long the others will take, with a button that stops and resumes the work. */
export function progressBar(watch: Pick<OverviewWatch, "work" | "stop" | "resume">, signal: AbortSignal): HTMLElement {
  const bar = element("progress", { class: "hs-work-progress", "aria-label": "Layers computed" });
  const text = element("span", { class: "hs-quiet" });
  const button = element("button", { type: "button", class: "hs-button" });
  const root = element("div", { class: "hs-work" }, bar, text, button);
  const press = () => (watch.work.peek()?.isStopped ? watch.resume() : watch.stop());
  button.addEventListener("click", press, { signal });
  effectUntil(signal, () => {
    const work = watch.work.value;
    root.hidden = !work || (work.elapsed < SHORT && !work.isStopped);
    if (!work) return;
    bar.max = work.total;
    bar.value = work.done;
    text.textContent = progressText(work);
    button.textContent = work.isStopped ? "Go on" : "Stop";
  });
  return root;
}

/** Estimates the time left from the average time per layer so far. */
export function progressText({ done, total, elapsed, isStopped }: LayersProgress): string {
  const layers = `${done} of ${total} layers`;
  if (isStopped) return `Stopped at ${layers}`;
  return done === 0 ? layers : `${layers}, ${timeText((elapsed / done) * (total - done))} left`;
}

function timeText(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 60) return `about ${seconds} s`;
  return `about ${Math.round(seconds / 60)} min`;
}
