import { expect, it } from "vitest";
import { weightAt } from "../weights/head-weights";
import { computeHead } from "./compute-head";

/** A head whose last row alone holds a value that may be no weight. */
function headOf(last: number) {
  const numQueries = 5000;
  const steps = computeHead({
    numQueries,
    numKeys: 2,
    // A cost so high that few rows are computed at a time.
    cost: 1 << 20,
    seen: () => [0, 2],
    isDivisible: () => true,
    write(start, stop, into) {
      for (let query = start; query < stop; query++) {
        into.set(query === numQueries - 1 ? [last, Number.NaN] : [0.25, 0], 2 * (query - start));
      }
    },
  });
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

it("keeps every digit of a weight", () => {
  const head = headOf(0.893);
  expect(head.dtype).toBe("decimal16");
  expect(weightAt(head, 4999, 0).toFixed(4)).toBe("0.8930");
  expect([weightAt(head, 4999, 1), weightAt(head, 0, 1)]).toEqual([Number.NaN, 0]);
});

it("keeps values that are not weights too, in half precision from the first row on", () => {
  const head = headOf(-2.5);
  expect(head.dtype).toBe("float16");
  expect([weightAt(head, 4999, 0), weightAt(head, 0, 0), weightAt(head, 2, 1)]).toEqual([-2.5, 0.25, 0]);
});
