import fc from "fast-check";
import { expect, it } from "vitest";
import { addBend } from "./ramp";

const bend = fc.record({
  y: fc.double({ min: 0, max: 19.4, noNaN: true }),
  rise: fc.double({ min: -1, max: 1, noNaN: true }),
});

it("lets opacity rise evenly from each bend on", () => {
  fc.assert(
    fc.property(fc.array(bend, { maxLength: 6 }), (bends) => {
      const ramp = new Float64Array(22);
      for (const { y, rise } of bends) addBend(ramp, y, rise);
      let [rise, opacity] = [0, 0];
      for (let row = 0; row < 20; row++) {
        rise += ramp[row] as number;
        opacity += rise;
        const expected = bends.reduce((sum, one) => sum + one.rise * Math.max(0, row + 0.5 - one.y), 0);
        const near = bends.reduce((sum, one) => sum + (Math.abs(row + 0.5 - one.y) < 1 ? Math.abs(one.rise) : 0), 0);
        // A corner is rounded in the two pixels that share it.
        expect(Math.abs(opacity - expected)).toBeLessThanOrEqual(near / 4 + 1e-9);
      }
    }),
  );
});
