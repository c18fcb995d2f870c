import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../contract.gen";
import type { View } from "../core/context";
import { element, setAttribute } from "../dom/element";
import { effectUntil } from "../dom/until";
import { aidsMenu } from "./aids";
import { attentionControl, layerControl } from "./controls";
import { exportMenu } from "./export-menu";
import { headToggles } from "./head-toggles";
import { headKeys, type KeyBinding, layerKeys, mountKeys, searchKeys } from "./keys";
import type { LayerPicture } from "./layer-picture";
import { missingSentence } from "./missing";
import { mountNotice } from "./notice";
import type { Readout } from "./readout";
import { openRoot, tellState } from "./root";
import type { Scene } from "./scene";
import { mountStatusLine, restingWords } from "./status-line";
import { mountTable } from "./weights-table";

/** A picture of the selected heads of a layer: every pane tells the same of itself. */
export interface Pane extends LayerPicture {
  /** What the status line says of what is pointed at; empty when nothing is. */
  readonly readout: () => Readout;
  /** Keys of its own. */
  readonly keys: readonly KeyBinding[];
  /** What it shows, where that is not all of a long map. */
  readonly scene?: Scene;
  /** The row of the query whose chain of steps is shown. */
  readonly expanded?: ReadonlySignal<number | null>;
}

type Control = (scene: Scene, signal: AbortSignal) => HTMLElement;

/** A way to show heads: a view by itself, and a tab of the explorer. */
export interface PaneKind {
  /** On its tab, and what the tab says when it is pointed at. */
  readonly name: string;
  readonly meaning: string;
  /** What the status line says while nothing is pointed at. */
  readonly hint: string;
  readonly mount: (parent: HTMLElement, scene: Scene, signal: AbortSignal) => Pane;
  /** Controls of its own. */
  readonly controls?: (scene: Scene, signal: AbortSignal) => readonly HTMLElement[];
  /** Whether the direction is one of them, where a token has two sides. */
  readonly hasDirection?: true;
  /** How heads are chosen where it stands alone, by default with a toggle for each. */
  readonly chooseHeads?: { readonly control: Control; readonly keys: (scene: Scene) => readonly KeyBinding[] };
}

/** A view of one pane: under the controls that all share, over the status line. */
export function paneView(view: ViewKind, kind: PaneKind): View {
  const { control, keys: keysOfHeads } = kind.chooseHeads ?? { control: headToggles, keys: headKeys };
  return (root, context, signal) => {
    const scene = openRoot(root, view, context, signal);
    const aids = aidsMenu(scene, signal, kind.hasDirection);
    const toolbar = element(
      "div",
      { class: "hs-toolbar" },
      attentionControl(scene, signal),
      layerControl(scene, signal),
      control(scene, signal),
      ...(kind.controls?.(scene, signal) ?? []),
      aids.control,
      exportMenu(scene, root, signal).control,
    );
    const body = element("div", { class: "hs-body" });
    root.append(toolbar, body);
    const pane = kind.mount(body, scene, signal);
    const missing = computed(() => missingSentence(pane.heads.value));
    effectUntil(signal, () => setAttribute(root, "data-expanded", pane.expanded?.value ?? undefined));
    mountNotice(body, pane.progress, signal);
    const readout = () => {
      const told = pane.readout();
      return told.length > 0 ? told : restingWords(scene, missing.value, kind.hint);
    };
    mountStatusLine(root, scene, pane.progress, readout, signal);
    mountTable(root, () => pane.scene ?? scene, pane, signal);
    const keys = [...layerKeys(scene, root), ...keysOfHeads(scene), ...pane.keys, ...searchKeys(aids.search)];
    mountKeys(root, toolbar, keys, signal);
    tellState(root, pane.progress, pane.layer, signal);
    effectUntil(signal, () => setAttribute(root, "data-beyond", pane.isPartial.value ? "pending" : undefined));
  };
}
