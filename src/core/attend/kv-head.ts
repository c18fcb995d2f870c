import type { VectorsRecord } from "../file/layer-record";
/** The KV head whose keys a head uses; every KV head serves the same number of heads. */
export function kvHeadOf({ numHeads, numKvHeads }: VectorsRecord, head: number): number {
  return Math.floor(head / (numHeads / numKvHeads));
}
