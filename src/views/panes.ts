import { type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import type { Tab } from "../contract.gen";
import { element } from "../dom/element";
import { childOf, effectUntil } from "../dom/until";
import { type KeyBinding, tokenKeys } from "./keys";
import { type Lines, mountLines } from "./lines";
import { matrixControls } from "./matrix-controls";
import { mountMatrix } from "./matrix-map";
import { readMatrix } from "./matrix-readout";
import { type Readout, readTokens } from "./readout";
import type { Scene } from "./scene";

/** What stands beside the grid: every pane tells the same of itself. */
export interface Pane extends Lines {
  /** What the status line says of what is pointed at; empty when nothing is. */
  readonly readout: () => Readout;
  /** Keys of its own. */
  readonly keys: readonly KeyBinding[];
}

interface PaneKind {
  readonly name: string;
  readonly hint: string;
  readonly mount: (parent: HTMLElement, scene: Scene, signal: AbortSignal) => Pane;
  /** Controls of its own. */
  readonly controls?: (scene: Scene, signal: AbortSignal) => readonly HTMLElement[];
}

/** The explorer's panes in the order of their tabs. */
const PANES: Readonly<Partial<Record<Tab, PaneKind>>> = {
  heads: {
    name: "Heads",
    hint: "Lines from queries to keys, in a colour a head",
    mount(parent, scene, signal) {
      const lines = mountLines(parent, scene, signal);
      return { ...lines, readout: () => readTokens(lines, scene.info.value), keys: tokenKeys(scene) };
    },
  },
  matrix: {
    name: "Matrix",
    hint: "The weights of each head as a heat map",
    mount(parent, scene, signal) {
      const matrix = mountMatrix(parent, scene, signal);
      return { ...matrix, readout: () => readMatrix(matrix, scene.info.value) };
    },
    controls: matrixControls,
  },
};

/** The chosen pane of the explorer under a row of tabs. Only the pane that is shown exists. */
export function mountPanes(parent: HTMLElement, scene: Scene, signal: AbortSignal): ReadonlySignal<Pane | null> {
  const { tab } = scene.context.options;
  const pane = signalOf<Pane | null>(null);
  const own = element("div", { class: "hs-pane-controls" });
  const body = element("div", { class: "hs-pane", role: "tabpanel" });
  parent.append(element("div", { class: "hs-tab-row" }, tabList(scene, signal), own), body);
  let open: AbortController | undefined;
  effectUntil(signal, () => {
    const kind = PANES[tab.value] ?? (PANES.heads as PaneKind);
    untracked(() => {
      open?.abort();
      open = childOf(signal);
      body.replaceChildren();
      body.setAttribute("aria-label", kind.name);
      own.replaceChildren(...(kind.controls?.(scene, open.signal) ?? []));
      pane.value = kind.mount(body, scene, open.signal);
    });
  });
  return pane;
}

function tabList(scene: Scene, signal: AbortSignal): HTMLElement {
  const { tab } = scene.context.options;
  const names = Object.keys(PANES) as Tab[];
  const buttons = names.map((name) => {
    const { name: text, hint } = PANES[name] as PaneKind;
    const button = element("button", { type: "button", class: "hs-tab", role: "tab", title: hint }, text);
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

/** Arrows choose the tab beside, as everywhere. */
function moveByKey(event: KeyboardEvent, buttons: readonly HTMLButtonElement[]): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const at = buttons.findIndex((button) => button.tabIndex === 0);
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next?.focus();
  next?.click();
  event.preventDefault();
  event.stopPropagation();
}
