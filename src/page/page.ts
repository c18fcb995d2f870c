import { signal as newSignal } from "@preact/signals-core";
import type { MapInfo, SnapshotState, ViewKind } from "../contract.gen";
import { localContext } from "../core/local-context";
import { keepSelectionValid } from "../core/valid";
import { printer } from "../dom/printer";
import { EmbeddedSource } from "../sources/embedded";
import { PageParts } from "../sources/page-parts";
import { views } from "../views/registry";
import { unpackAhead } from "./ahead";

/** What `headscope.export` writes beside the blocks. */
interface PageInfo extends SnapshotState {
  readonly view: ViewKind;
  readonly name: string;
  readonly maps: readonly MapInfo[];
}

/** Draws the view of a standalone page. `page` is the id of its root, and the prefix of the ids of its parts. */
export function mount(page: string): void {
  const root = document.getElementById(page);
  const info = document.getElementById(`${page}-info`)?.textContent;
  if (!root || !info) return;
  const parsed = JSON.parse(info) as PageInfo;
  const context = localContext(parsed, {
    name: newSignal(parsed.name),
    maps: newSignal(parsed.maps),
    source: new EmbeddedSource(new PageParts(page), parsed.maps),
    status: newSignal("page" as const),
    printer,
  });
  const forever = new AbortController().signal;
  keepSelectionValid(context, forever);
  views[parsed.view](root, context, forever);
  void unpackAhead(root, context);
}
