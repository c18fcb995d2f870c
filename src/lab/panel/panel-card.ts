import { computed, signal as newSignal } from "@preact/signals-core";
import type { MapDescription, ViewKind } from "../../contract.gen";
import type { Status, ViewContext } from "../../core/state/context";
import { differenceOf, skewOf, UPGRADE } from "../../core/state/front-end";
import type { LiveCapture } from "../../core/state/live";
import { localOptions } from "../../core/state/local-options";
import { element, withCommand } from "../../dom/element";
import { backgroundOf } from "../../dom/theme";
import { childOf, effectUntil } from "../../dom/until";
import { VIEW_KINDS, VIEWS } from "../../options.gen";
import { headToggles } from "../../views/frame/head-toggles";
import { attentionControl, labelled, layerControl } from "../../views/frame/toolbar-controls";
import { createScene, type Scene } from "../../views/scene/scene";
import { kindName } from "../shared/view-names";
import { type Mirror, mirrorOf } from "./mirror";
import { tokenChoice } from "./token-choice";

export interface CardActions {
  /** Shows the cell in its notebook. */
  jump(): void;
  /** Absent if the host has no tabs. */
  readonly open?: ((kind: ViewKind) => void) | undefined;
}

/** How many letters of its text identify a capture. */
const TEXT_LETTERS = 80;

/**
 * The card of a capture: what it is, its selection, and its actions. A card may not be able to show a capture of
 * another Headscope version; then it says which version is older.
 */
export function captureCard(capture: LiveCapture, actions: CardActions, signal: AbortSignal): HTMLElement {
  const card = element("section", { class: "headscope headscope-card", role: "group" });
  const difference = differenceOf(capture.edition);
  const shown = childOf(signal);
  try {
    card.append(...cardParts(card, capture, actions, shown.signal));
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

function cardParts(card: HTMLElement, capture: LiveCapture, actions: CardActions, signal: AbortSignal): HTMLElement[] {
  const mirror = mirrorOf(capture, signal);
  const background = backgroundOf(card, newSignal("auto"), signal);
  const dark = computed(() => background.value.isDark);
  effectUntil(signal, () => {
    card.dataset.background = dark.value ? "dark" : "light";
    card.setAttribute("aria-label", mirror.name.value);
  });
  const scene = createScene(contextOf(mirror), dark);
  const parts = [header(mirror, scene, actions, signal), place(scene, signal)];
  return actions.open ? [...parts, openButtons(actions.open, signal)] : parts;
}

/** A context for controls, which need the selection of a view but never draw it. */
function contextOf(mirror: Mirror): ViewContext {
  const options = localOptions({}, mirror.maps, mirror.selection.map);
  return { ...mirror, options, source: undefined as never, pictureExporter: undefined as never };
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
    text.textContent = scene.wholeMap.value ? textOf(scene.wholeMap.value) : "";
  });
  return element("header", {}, element("div", { class: "headscope-card-title" }, title, live), size, text);
}

const WORDS: Partial<Record<Status, string>> = { restarted: "kernel restarted", stopped: "kernel stopped" };

function sizeOf({ wholeMap }: Scene): string {
  const description = wholeMap.value;
  if (!description) return "no attention map";
  const [queries, keys] = [description.query_tokens.length, description.key_tokens.length];
  const tokens = queries === keys ? count(keys, "token") : `${queries} query × ${keys} key tokens`;
  const [least, most] = [Math.min(...description.num_heads), Math.max(...description.num_heads)];
  const heads = least === most ? count(most, "head") : `${least} to ${most} heads`;
  return `${tokens}, ${count(description.num_layers, "layer")} × ${heads}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** The beginning of the text, in readable form. */
function textOf({ query_tokens: tokens, query_words: words }: MapDescription): string {
  const hasSpaces = tokens.some((token) => token.startsWith(" "));
  let text = "";
  for (const [at, token] of tokens.entries()) {
    const isOneWord = words !== null && words[at] === words[at - 1];
    text += hasSpaces || isOneWord || at === 0 ? token : ` ${token}`;
    if (text.length > TEXT_LETTERS) return `${text.slice(0, TEXT_LETTERS).trim()} …`;
  }
  return text.trim();
}

function place(scene: Scene, signal: AbortSignal): HTMLElement {
  const { selection } = scene.context;
  const tokens = (side: "query_tokens" | "key_tokens") => computed(() => scene.wholeMap.value?.[side] ?? []);
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
  const buttons = VIEW_KINDS.map((kind) => {
    const { short } = VIEWS[kind];
    const title = `Open the ${kindName(kind)} in a tab`;
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
