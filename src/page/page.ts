import { signal as newSignal } from "@preact/signals-core";
import type { MapDescription, SnapshotState, ViewKind } from "../contract.gen";
import { withComposed } from "../core/composed/composed-map";
import { localContext } from "../core/state/local-context";
import { pictureExporter } from "../figure/picture-exporter";
import { EmbeddedSource } from "../sources/embedded/embedded";
import { PageParts } from "../sources/embedded/page-parts";
import { mountView } from "../views/mount-view";
import { followHash, fromHash } from "./hash";
import { unpackAhead } from "./unpack-ahead";

/** The description that `headscope.export` writes beside the blocks. */
interface PageInfo extends SnapshotState {
  readonly view: ViewKind;
  readonly name: string;
  readonly maps: readonly MapDescription[];
  /** The beginning of the view's fields in the page's hash; empty if it is the only view. */
  readonly link?: string;
}

/** Draws the view of a standalone page. `page` is the id of its root and the prefix of the ids of its parts. */
export function mount(page: string): void {
  const root = document.getElementById(page);
  const description = document.getElementById(`${page}-info`)?.textContent;
  if (!root || !description) return;
  const parsed = JSON.parse(description) as PageInfo;
  const maps = withComposed(parsed.maps);
  const link = parsed.link ?? "";
  const context = localContext(
    { ...parsed, ...fromHash(location.hash, link) },
    {
      name: newSignal(parsed.name),
      maps: newSignal(maps),
      source: new EmbeddedSource(new PageParts(page), maps),
      status: newSignal("page" as const),
      pictureExporter,
    },
  );
  const forever = new AbortController().signal;
  mountView(root, parsed.view, context, forever);
  followHash(context, link, parsed);
  void unpackAhead(root, context);
}
