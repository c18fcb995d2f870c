import { type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { Tab } from "../../contract.gen";
import { element } from "../../dom/element";
import { childOf, effectUntil } from "../../dom/until";
import { fitToolbar } from "../frame/fit-toolbar";
import type { Pane, PaneKind } from "../frame/pane";
import { HEADS } from "../head/head-view";
import { MATRIX } from "../matrix/matrix-view";
import { NEURONS } from "../neuron/neuron-view";
import { lessRoom } from "../scene/room";
import type { Scene } from "../scene/scene";
import { TEXT } from "../text/text-view";

/** The explorer's panes in the order of their tabs. */
const PANES: Readonly<Record<Tab, PaneKind>> = { heads: HEADS, matrix: MATRIX, neurons: NEURONS, text: TEXT };

/** The height of the row of tabs and the gap below it, in CSS pixels. */
const TAB_ROW = 40;

/** The heads that the chosen pane shows: all active ones, or one of them. */
export function headsInPane(scene: Scene): readonly number[] {
  return PANES[scene.context.options.tab.value].headsOf?.(scene) ?? scene.heads.value;
}

/** The chosen pane of the explorer under a row of tabs. Hidden panes do not exist. */
export function mountPanes(parent: HTMLElement, scene: Scene, signal: AbortSignal): ReadonlySignal<Pane | null> {
  const { tab } = scene.context.options;
  const pane = signalOf<Pane | null>(null);
  const inRoom = { ...scene, room: lessRoom(scene.room, TAB_ROW) };
  const own = element("div", { class: "hs-pane-controls" });
  const row = element("div", { class: "hs-tab-row" }, tabList(scene, signal), own);
  const body = element("div", { class: "hs-pane", role: "tabpanel" });
  parent.append(row, body);
  let open: AbortController | undefined;
  effectUntil(signal, () => {
    const kind = PANES[tab.value];
    untracked(() => {
      open?.abort();
      open = childOf(signal);
      body.replaceChildren();
      body.setAttribute("aria-label", kind.name);
      const controls = [
        ...(kind.tabControls?.(scene, open.signal) ?? []),
        ...(kind.controls?.(scene, open.signal) ?? []),
      ];
      own.replaceChildren(...controls);
      fitToolbar(row, controls, open.signal);
      pane.value = kind.mount(body, inRoom, open.signal);
    });
  });
  return pane;
}

function tabList(scene: Scene, signal: AbortSignal): HTMLElement {
  const { tab } = scene.context.options;
  const names = Object.keys(PANES) as Tab[];
  const buttons = names.map((name) => {
    const { name: text, meaning } = PANES[name];
    const button = element("button", { type: "button", class: "hs-tab", role: "tab", title: meaning }, text);
    button.addEventListener(
      "click",
      () => {
        tab.value = name;
      },
      { signal },
    );
    return button;
  });
  const list = element("div", { class: "hs-tabs", role: "tablist", "aria-label": "View" }, ...buttons);
  list.addEventListener("keydown", (event) => moveByKey(event, buttons), { signal });
  effectUntil(signal, () => {
    buttons.forEach((button, index) => {
      const isShown = names[index] === tab.value;
      button.setAttribute("aria-selected", String(isShown));
      button.tabIndex = isShown ? 0 : -1;
    });
  });
  return list;
}

/** Arrow keys choose the neighbouring tab, as in any tab list. */
function moveByKey(event: KeyboardEvent, buttons: readonly HTMLButtonElement[]): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const at = buttons.findIndex((button) => button.tabIndex === 0);
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next?.focus({ preventScroll: true });
  next?.click();
  event.preventDefault();
  event.stopPropagation();
}
