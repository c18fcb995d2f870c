import type { AnyModel } from "@anywidget/types";
import { unzlibSync } from "fflate";
import type { MapInfo, StoreTraits } from "../contract.gen";

const read = new WeakMap<DataView, readonly MapInfo[]>();

/** The attention maps of a capture, which travel packed: see `StoreTraits` in `contract.py`. */
export function mapsOf(model: Pick<AnyModel<StoreTraits>, "get">): readonly MapInfo[] {
  const packed = model.get("maps");
  let maps = read.get(packed);
  if (!maps) {
    const bytes = unzlibSync(new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength));
    maps = JSON.parse(new TextDecoder().decode(bytes)) as MapInfo[];
    read.set(packed, maps);
  }
  return maps;
}
