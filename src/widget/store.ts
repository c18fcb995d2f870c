import type { AnyModel } from "@anywidget/types";
import type { StoreTraits } from "../contract.gen";
import { type Channel, channel } from "../core/channel";
import type { Status, TokenPair } from "../core/context";
import type { Printer } from "../core/printer";
import type { Source } from "../core/source";
import { printer } from "../dom/printer";
import { KernelSource } from "../sources/kernel";
import { prefetchAll } from "./prefetch";

/** What the Store gives to the views of its capture on this page. */
export interface StoreExports {
  readonly source: Source;
  readonly status: Channel<Status>;
  readonly hover: Channel<TokenPair>;
  /** Here, because a capture has one Store and many views: each view would carry its own. */
  readonly printer: Printer;
  /** To be called once a view has painted: brings a small capture into memory whole. */
  prefetch(): void;
}

function initialize({ model, signal }: { model: AnyModel<StoreTraits>; signal: AbortSignal }): StoreExports {
  const source = new KernelSource(model, signal);
  let started = false;
  return {
    source,
    status: source.status,
    hover: channel<TokenPair>({ query: null, key: null }),
    printer,
    prefetch() {
      if (!started) void prefetchAll(model, source, signal);
      started = true;
    },
  };
}

export default { initialize };
