import { expect, test } from "vitest";
import type { MapDescription } from "../../contract.gen";
import { layersAhead } from "./layers-ahead";

test("the nearest layers of the shown map come first, and no layer is left out", () => {
  const map = (name: string, num_heads: number[]) => ({ name, num_heads }) as unknown as MapDescription;
  const requests = layersAhead([map("encoder", [1, 1]), map("decoder", [2, 2, 3])], "decoder", 1);
  expect(requests.map(({ map, layer, heads }) => `${map} ${layer}: ${heads}`)).toEqual([
    ...["decoder 1: 0,1", "decoder 0: 0,1", "decoder 2: 0,1,2", "encoder 1: 0", "encoder 0: 0"],
  ]);
});
