import { element, setAttribute } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";

const WORDS = { all: "Linked", part: "Partly linked", none: "Unlinked" };

const NAMES = {
  map: "attention map",
  layer: "layer",
  heads: "heads",
  query: "pinned query",
  key: "pinned key",
  pair: "sentences",
};

const LINK = "Click to link it with the other views of this capture.";

/** The two halves of a chain, drawn together or apart. */
const HALVES = ["M6.5 4.5H5a3.5 3.5 0 0 0 0 7h1.5", "M9.5 4.5H11a3.5 3.5 0 0 1 0 7H9.5"];

/** A button that links the view with the other views of its capture, or unlinks it. None where nothing can be linked. */
export function chainControl({ context: { chain } }: Scene, signal: AbortSignal): readonly HTMLElement[] {
  if (!chain) return [];
  const word = element("span", { class: "hs-link-word" });
  const button = element("button", { type: "button", class: "hs-button hs-link" }, icon(), word);
  button.addEventListener("click", () => chain.follow(chain.following.peek() !== "all"), { signal });
  effectUntil(signal, () => {
    const following = chain.following.value;
    word.textContent = WORDS[following];
    button.dataset.following = following;
    setAttribute(button, "aria-pressed", String(following === "all"));
    setAttribute(button, "title", meaning(following, chain.kept.value));
    setAttribute(button, "aria-label", WORDS[following]);
    setAttribute(button, "aria-description", button.title);
  });
  return [button];
}

function meaning(following: keyof typeof WORDS, kept: readonly (keyof typeof NAMES)[]): string {
  if (following === "all") {
    return "This view moves with the other views of its capture. Click to give it a place of its own.";
  }
  if (following === "none") return `This view stays where it is, whatever other views do. ${LINK}`;
  const names = kept.map((name) => NAMES[name]);
  const listed = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  return `This view has its own ${listed}, and moves with the other views in the rest. ${LINK}`;
}

function icon(): SVGElement {
  const svg = drawn("svg", { viewBox: "0 0 16 16", width: "14", height: "14", "aria-hidden": "true" });
  svg.append(...HALVES.map((d) => drawn("path", { d })), drawn("path", { d: "M5.5 8h5", class: "hs-link-bar" }));
  return svg;
}

function drawn(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
