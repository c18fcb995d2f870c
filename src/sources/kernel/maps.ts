import type { AnyModel } from "@anywidget/types";
import { unzlibSync } from "fflate";
import type { MapDescription, StoreTraits } from "../../contract.gen";
import { withComposed } from "../../core/composed/composed-map";

const read = new WeakMap<DataView, readonly MapDescription[]>();

/** The attention maps of a capture, which are sent compressed: see `StoreTraits` in `contract.py`; and all in one. */
export function mapsOf(model: Pick<AnyModel<StoreTraits>, "get">): readonly MapDescription[] {
  const packed = model.get("maps");
  let maps = read.get(packed);
  if (!maps) {
    const bytes = unzlibSync(new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength));
    maps = withComposed(JSON.parse(new TextDecoder().decode(bytes)) as MapDescription[]);
    read.set(packed, maps);
  }
  return maps;
}
