import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../../contract.gen";
import type { View } from "../../core/state/context";
import { element, setAttribute } from "../../dom/element";
import { effectUntil } from "../../dom/until";
import { exportMenu } from "../export/export-menu";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import type { Readout } from "../tokens/readout";
import { aidsMenu } from "./aids-menu";
import { headToggles } from "./head-toggles";
import { headKeys, type KeyBinding, layerKeys, mountKeys, searchKeys } from "./keys";
import { mountNotice } from "./notice";
import { openRoot, publishState } from "./root";
import { idleReadout, mountStatusLine } from "./status-line";
import { attentionControl, layerControl } from "./toolbar-controls";
import { weightsNote } from "./weights-note";
import { mountWeightsTable } from "./weights-table";

/** A picture of the selected heads of a layer, with the members that the common frame needs. */
export interface Pane extends LayerPicture {
  /** What the status line says about the cell or token under the pointer; empty if there is none. */
  readonly readout: () => Readout;
  /** Additional keys. */
  readonly keys: readonly KeyBinding[];
  /** The scene of the pane, if it shows only a part of a long map. */
  readonly scene?: Scene;
  /** The row of the query whose steps are expanded. */
  readonly expanded?: ReadonlySignal<number | null>;
}

type Control = (scene: Scene, signal: AbortSignal) => HTMLElement;

/** A way to show heads: as a view by itself, and as a tab of the explorer. */
export interface PaneKind {
  /** The label and the tooltip of its tab. */
  readonly name: string;
  readonly meaning: string;
  /** What the status line says while nothing is pointed at. */
  readonly hint: (scene: Scene) => string;
  readonly mount: (parent: HTMLElement, scene: Scene, signal: AbortSignal) => Pane;
  /** Additional controls. */
  readonly controls?: (scene: Scene, signal: AbortSignal) => readonly HTMLElement[];
  /** Whether they include the direction, for texts in which a token has two sides. */
  readonly hasDirection?: true;
  /** How to choose heads in the standalone view; by default one toggle per head. */
  readonly chooseHeads?: { readonly control: Control; readonly keys: (scene: Scene) => readonly KeyBinding[] };
}

/** A view of one pane, between the common toolbar and the status line. */
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
    const missing = computed(() => weightsNote(pane.heads.value));
    effectUntil(signal, () => setAttribute(root, "data-expanded", pane.expanded?.value ?? undefined));
    mountNotice(body, pane.progress, signal);
    const readout = () => {
      const ofPane = pane.readout();
      return ofPane.length > 0 ? ofPane : idleReadout(scene, missing.value, kind.hint(scene));
    };
    mountStatusLine(root, scene, pane.progress, readout, signal);
    mountWeightsTable(root, () => pane.scene ?? scene, pane, signal);
    const keys = [...layerKeys(scene, root), ...keysOfHeads(scene), ...pane.keys, ...searchKeys(aids.search)];
    mountKeys(root, toolbar, keys, signal);
    publishState(root, pane.progress, pane.layer, signal);
    effectUntil(signal, () => setAttribute(root, "data-beyond", pane.isPartial.value ? "pending" : undefined));
  };
}
