import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { ViewKind } from "../../contract.gen";
import type { View } from "../../core/state/context";
import { element, setAttribute } from "../../dom/element";
import { followRoom } from "../../dom/room";
import { effectUntil } from "../../dom/until";
import { exportMenu } from "../export/export-menu";
import { notesMenu } from "../notes/notes-menu";
import type { LayerPicture } from "../scene/layer-picture";
import type { Scene } from "../scene/scene";
import { mountLeaveOut } from "../tokens/leave-out-key";
import type { Readout } from "../tokens/readout";
import { tracePanel } from "../trace/trace-panel";
import { aidsMenu } from "./aids-menu";
import { chainControl } from "./chain-control";
import { fitToolbar, movableControls } from "./fit-toolbar";
import { headToggles } from "./head-toggles";
import { mountHeading } from "./heading";
import { headKeys, type KeyBinding, layerKeys, leaveOutKeys, mountKeys, searchKeys } from "./keys";
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
  /** Controls that it needs only as a tab of the explorer. */
  readonly tabControls?: (scene: Scene, signal: AbortSignal) => readonly HTMLElement[];
  /** The heads of the scene that it shows; by default all. */
  readonly headsOf?: (scene: Scene) => readonly number[];
  /** Whether it shows one attention at a time, and so not all of an encoder-decoder. */
  readonly isOfOneMap?: true;
  /** Whether they include the direction, for texts in which a token has two sides. */
  readonly hasDirection?: true;
  /** Whether it shows lines, whose strength can be chosen. */
  readonly hasLines?: true;
  /** How to choose heads in the standalone view; by default one toggle per head. */
  readonly chooseHeads?: { readonly control: Control; readonly keys: (scene: Scene) => readonly KeyBinding[] };
}

/** A view of one pane, between the common toolbar and the status line. */
export function paneView(view: ViewKind, kind: PaneKind): View {
  const { control, keys: keysOfHeads } = kind.chooseHeads ?? { control: headToggles, keys: headKeys };
  return (root, context, signal) => {
    const scene = openRoot(root, view, context, signal);
    mountHeading(root, scene, view, kind.headsOf ? computed(() => kind.headsOf?.(scene) ?? []) : scene.heads, signal);
    const aids = aidsMenu(scene, signal, kind);
    const notes = notesMenu(scene, signal);
    const trace = tracePanel(scene, signal);
    const toolbar = element(
      "div",
      { class: "hs-toolbar" },
      attentionControl(scene, signal, kind.isOfOneMap),
      layerControl(scene, signal),
      control(scene, signal),
      ...(kind.controls?.(scene, signal) ?? []),
      ...aids.controls,
      trace.control,
      ...notes.controls,
      ...chainControl(scene, signal),
      exportMenu(scene, root, signal).control,
    );
    fitToolbar(toolbar, movableControls(toolbar), signal);
    const body = element("div", { class: "hs-body" });
    root.append(toolbar, aids.bar, trace.panel, body);
    const pane = kind.mount(body, scene, signal);
    const leaveOut = mountLeaveOut(root, () => pane.scene ?? scene, signal);
    const missing = computed(() => weightsNote(pane.heads.value, pane.scene ?? scene));
    effectUntil(signal, () => setAttribute(root, "data-expanded", pane.expanded?.value ?? undefined));
    mountNotice(body, pane.progress, signal);
    const readout = () => {
      const ofPane = pane.readout();
      return ofPane.length > 0 ? ofPane : idleReadout(scene, missing.value, kind.hint(scene));
    };
    mountStatusLine(root, scene, pane.progress, readout, signal);
    mountWeightsTable(root, () => pane.scene ?? scene, pane, signal);
    const keys = [
      ...layerKeys(scene, root),
      ...keysOfHeads(scene),
      ...pane.keys,
      ...leaveOutKeys(leaveOut),
      ...searchKeys(aids.search),
      ...notes.keys,
    ];
    mountKeys(root, toolbar, keys, signal);
    publishState(root, pane.progress, pane.layer, signal);
    followRoom(root, scene.room, signal);
    effectUntil(signal, () => setAttribute(root, "data-beyond", pane.isPartial.value ? "pending" : undefined));
  };
}
