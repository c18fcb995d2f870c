import { computed, signal as newSignal } from "@preact/signals-core";
import type { MapInfo, ViewKind } from "../contract.gen";
import type { Status, ViewContext } from "../core/context";
import { differenceOf, skewOf, UPGRADE } from "../core/front-end";
import type { LiveCapture } from "../core/live";
import { localOptions } from "../core/local-options";
import { withCommand } from "../dom/command";
import { element } from "../dom/element";
import { groundOf } from "../dom/theme";
import { childOf, effectUntil } from "../dom/until";
import { attentionControl, labelled, layerControl } from "../views/controls";
import { headToggles } from "../views/head-toggles";
import { createScene, type Scene } from "../views/scene";
import { KIND_LIST, KINDS } from "./kinds";
import { type Mirror, mirrorOf } from "./mirror";
import { tokenChoice } from "./token-choice";

export interface CardActions {
  /** Shows the cell in its notebook. */
  jump(): void;
  /** Left out where there is no room for tabs. */
  readonly open?: ((kind: ViewKind) => void) | undefined;
}

/** How many letters of the text tell captures apart. */
const TEXT = 80;

/**
 * One capture of the panel: what it is, where it looks, and what can be done with it. What comes from another Headscope
 * than this one may be more than a card can show: then it says which is older.
 */
export function captureCard(capture: LiveCapture, actions: CardActions, signal: AbortSignal): HTMLElement {
  const card = element("section", { class: "headscope headscope-card", role: "group" });
  const difference = differenceOf(capture.edition);
  const shown = childOf(signal);
  try {
    card.append(...partsOf(card, capture, actions, shown.signal));
  } catch (error) {
    shown.abort();
    if (!difference) throw error;
    card.replaceChildren(capture.name());
  }
  if (difference) card.append(differenceNote(difference, Boolean(capture.edition && skewOf(capture.edition))));
  return card;
}

function differenceNote(difference: string, isSkew: boolean): HTMLElement {
  const name = `headscope-card-difference${isSkew ? " hs-skew" : ""}`;
  return element("div", { class: name }, ...withCommand(difference, UPGRADE));
}

function partsOf(card: HTMLElement, capture: LiveCapture, actions: CardActions, signal: AbortSignal): HTMLElement[] {
  const mirror = mirrorOf(capture, signal);
  const ground = groundOf(card, newSignal("auto"), signal);
  const dark = computed(() => ground.value.isDark);
  effectUntil(signal, () => {
    card.dataset.ground = dark.value ? "dark" : "light";
    card.setAttribute("aria-label", mirror.name.value);
  });
  const scene = createScene(contextOf(mirror), dark);
  const parts = [header(mirror, scene, actions, signal), place(scene, signal)];
  return actions.open ? [...parts, openButtons(actions.open, signal)] : parts;
}

/** Controls need to know where a view looks, never what it draws. */
function contextOf(mirror: Mirror): ViewContext {
  const options = localOptions({}, mirror.maps, mirror.selection.map);
  return { ...mirror, options, source: undefined as never, printer: undefined as never };
}

function header({ name, status }: Mirror, scene: Scene, { jump }: CardActions, signal: AbortSignal): HTMLElement {
  const title = element("button", { type: "button", class: "headscope-card-name", title: "Show the cell" });
  title.addEventListener("click", jump, { signal });
  const live = element("span", { class: "hs-status" });
  const size = element("div", { class: "headscope-card-size" });
  const text = element("div", { class: "headscope-card-text" });
  effectUntil(signal, () => {
    title.textContent = name.value;
    live.dataset.status = status.value;
    live.textContent = WORDS[status.value] ?? status.value;
    size.textContent = sizeOf(scene);
    text.textContent = scene.whole.value ? textOf(scene.whole.value) : "";
  });
  return element("header", {}, element("div", { class: "headscope-card-title" }, title, live), size, text);
}

const WORDS: Partial<Record<Status, string>> = { restarted: "kernel restarted", stopped: "kernel stopped" };

function sizeOf({ whole }: Scene): string {
  const info = whole.value;
  if (!info) return "no attention map";
  const [queries, keys] = [info.query_tokens.length, info.key_tokens.length];
  const tokens = queries === keys ? count(keys, "token") : `${queries} query × ${keys} key tokens`;
  const [least, most] = [Math.min(...info.num_heads), Math.max(...info.num_heads)];
  const heads = least === most ? count(most, "head") : `${least} to ${most} heads`;
  return `${tokens}, ${count(info.num_layers, "layer")} × ${heads}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** The beginning of the text, as one reads it. */
function textOf({ query_tokens: tokens, query_words: words }: MapInfo): string {
  const hasSpaces = tokens.some((token) => token.startsWith(" "));
  let text = "";
  for (const [at, token] of tokens.entries()) {
    const isOneWord = words !== null && words[at] === words[at - 1];
    text += hasSpaces || isOneWord || at === 0 ? token : ` ${token}`;
    if (text.length > TEXT) return `${text.slice(0, TEXT).trim()} …`;
  }
  return text.trim();
}

function place(scene: Scene, signal: AbortSignal): HTMLElement {
  const { selection } = scene.context;
  const tokens = (side: "query_tokens" | "key_tokens") => computed(() => scene.whole.value?.[side] ?? []);
  return element(
    "div",
    { class: "headscope-card-place" },
    attentionControl(scene, signal),
    layerControl(scene, signal),
    headToggles(scene, signal),
    labelled("Query", tokenChoice("Query token", tokens("query_tokens"), selection.query, signal)),
    labelled("Key", tokenChoice("Key token", tokens("key_tokens"), selection.key, signal)),
  );
}

function openButtons(open: (kind: ViewKind) => void, signal: AbortSignal): HTMLElement {
  const buttons = KIND_LIST.map((kind) => {
    const { short, long } = KINDS[kind];
    const title = `Open the ${long} in a tab`;
    const button = element("button", { type: "button", class: "hs-button", title, "aria-label": title }, short);
    button.addEventListener("click", () => open(kind), { signal });
    return button;
  });
  const label = element("span", { class: "hs-label" }, "Open in a tab");
  return element(
    "div",
    { class: "headscope-card-open", role: "group", "aria-label": "Open in a tab" },
    label,
    ...buttons,
  );
}
