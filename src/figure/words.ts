import type { ViewKind } from "../contract.gen";
import { headColor, inkOn } from "../core/look/colors";
import { layerName } from "../core/look/layer-name";
import type { Rgb } from "../core/look/line-geometry";
import { headName, titleStart } from "../core/look/view-title";
import { tokenText } from "../dom/token";
import { noteNameOf } from "../views/notes/head-notes";
import { aidsNote } from "../views/scene/aids-note";
import { composedNote } from "../views/scene/composed-note";
import type { Scene } from "../views/scene/scene";
import { titledPlace } from "../views/scene/titled-place";

/** The most heads that colours can tell apart. */
const MAX_KEYS = 64;

/** What a figure says about a panel. */
export interface PanelWords {
  /** The capture, the attention map and the sentences, the layer and the heads. */
  readonly title: string;
  /** The heads whose colours the title explains; empty for one head. */
  readonly keys: readonly { readonly head: number; readonly color: Rgb; readonly ink: string }[];
  /** The pinned tokens and the active aids; empty for none. */
  readonly caption: string;
}

/** Describes what a scene shows. `heads` are those of the whole figure, where each panel shows one of them. */
export function panelWords(scene: Scene, view: ViewKind, heads: readonly number[] = scene.heads.value): PanelWords {
  const isGrid = view === "model";
  const hasKeys = !isGrid && heads.length > 1 && heads.length <= MAX_KEYS;
  const numHeads = scene.numHeads.value;
  const place = isGrid
    ? [counted(scene.layers.value.length, "layer")]
    : [
        `layer ${layerName(scene.wholeMap.value, scene.layer.value)}`,
        headsText(heads, hasKeys, noteNameOf(scene, scene.layer.value, heads[0] ?? 0)),
      ];
  return {
    title: [...titleStart(titledPlace(scene, view)), ...place].filter(Boolean).join(", "),
    keys: hasKeys ? heads.map((head) => ({ head, ...colorsOf(head, numHeads, scene.dark.value) })) : [],
    caption: [
      isGrid && !scene.context.options.detail.value ? "" : pinText(scene),
      aidsNote(scene.context.options.aids, scene.wholeMap.value),
      composedNote(scene),
    ]
      .filter(Boolean)
      .join("; "),
  };
}

export function colorsOf(head: number, numHeads: number, dark: boolean): { readonly color: Rgb; readonly ink: string } {
  const color = headColor(head, numHeads, dark);
  return { color, ink: inkOn(color) };
}

function headsText(heads: readonly number[], hasKeys: boolean, note: string): string {
  if (heads.length === 1) return headName(heads[0] as number, note);
  return hasKeys ? "heads" : `${heads.length} heads`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Names the pinned tokens, with their positions where their text occurs several times. */
function pinText({ context, wholeMap }: Scene): string {
  const { query, key } = context.selection;
  const named = (name: string, tokens: readonly string[], position: number | null) => {
    const token = tokens[position ?? -1];
    if (token === undefined) return "";
    const { lead, text } = tokenText(token);
    const isRepeated = tokens.filter((one) => one === token).length > 1;
    return `${name} “${lead}${text}”${isRepeated ? ` at position ${position}` : ""}`;
  };
  const { query_tokens: queries = [], key_tokens: keys = [] } = wholeMap.value ?? {};
  return [named("query", queries, query.value), named("key", keys, key.value)].filter(Boolean).join(", ");
}
