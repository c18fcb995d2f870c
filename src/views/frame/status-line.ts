import type { ReadonlySignal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import { proofMeaning, proofText } from "../../core/look/layer-name";
import type { Status } from "../../core/state/context";
import { hasEnded, RESTARTED, STOPPED } from "../../core/state/kernel-messages";
import { element, setAttribute } from "../../dom/element";
import { floatAtBottom } from "../../dom/room";
import { effectUntil } from "../../dom/until";
import type { Progress } from "../fetch/progress";
import { aidsNote } from "../scene/aids-note";
import type { Scene } from "../scene/scene";
import type { Readout } from "../tokens/readout";

const WORDS: Readonly<Record<Status, readonly [word: string, meaning: string]>> = {
  live: ["live", "The kernel answers."],
  busy: ["kernel busy", "The kernel is at work. What is in memory is shown at once, the rest when the kernel is free."],
  offline: [
    "no connection",
    "The kernel cannot be reached. This page shows what it has in memory, and asks for the rest once it is connected.",
  ],
  restarted: ["kernel restarted", RESTARTED],
  stopped: ["kernel stopped", STOPPED],
  page: ["saved page", "All weights are in this page. It needs no kernel."],
  snapshot: ["snapshot", "This view is shown as it was left in the saved notebook. Run the cell to make it live."],
  file: ["from a file", "This page reads the file and computes the weights from it. It needs no kernel."],
};

/** Always shows three things: what is pointed at, whether the view is live, and what it shows. */
export function mountStatusLine(
  parent: HTMLElement,
  scene: Scene,
  progress: ReadonlySignal<Progress>,
  readout: () => Readout,
  signal: AbortSignal,
): void {
  const { name, status, file, holding } = scene.context;
  const pointed = element("div", { class: "hs-readout", "aria-live": "polite" });
  const live = element("span", { class: "hs-status" });
  const shown = element("span", { class: "hs-shown" });
  const line = element("div", { class: "hs-statusline" }, pointed, live, shown);
  parent.append(line);
  floatAtBottom(line, parent, signal);
  effectUntil(signal, () => {
    const now = progress.value;
    const isSlow = now.state === "pending" && now.slow;
    pointed.replaceChildren(...(isSlow ? [waiting(status.value)] : readout()));
  });
  effectUntil(signal, () => {
    const [word, meaning] = WORDS[status.value];
    live.dataset.status = status.value;
    const holds = holding?.value ? `${word}: ${holding.value}; run the cell for the rest` : word;
    live.textContent = file ? `from ${file.value}` : holds;
    live.title = meaning;
  });
  effectUntil(signal, () => {
    const note = aidsNote(scene.context.options.aids, scene.wholeMap.value);
    const what = [name.value, extent(scene.description.value, scene.wholeMap.value)].filter(Boolean).join(", ");
    const [map, layer] = [scene.wholeMap.value, scene.layer.value];
    const proof = proofText(map, layer);
    shown.textContent = [note ? `${what} (${note})` : what, proof].filter(Boolean).join(", ");
    setAttribute(shown, "title", proofMeaning(map, layer) || undefined);
  });
}

/** The most important thing to say while nothing is pointed at. */
export function idleReadout({ context }: Scene, missing: string, hint: string): Readout {
  const status = context.status.value;
  return [hasEnded(status) ? WORDS[status][1] : missing || hint];
}

function waiting(status: Status): string {
  if (status === "snapshot") return "Unpacking the snapshot";
  if (status === "page") return "Unpacking this page's weights";
  if (status === "file") return "Reading the file";
  return status === "offline" ? "Waiting for the connection to the kernel" : "Waiting for the kernel";
}

function extent(description: MapDescription | undefined, whole: MapDescription | undefined): string {
  if (!description || !whole) return "no attention map";
  const [queries, keys] = [description.query_tokens.length, description.key_tokens.length];
  if (description.name === "cross" || whole.query_tokens.length !== whole.key_tokens.length) {
    return `${queries} query × ${keys} key tokens`;
  }
  const all = whole.query_tokens.length;
  if (queries < all) return `${queries} of ${all} tokens`;
  return all === 1 ? "1 token" : `${all} tokens`;
}
