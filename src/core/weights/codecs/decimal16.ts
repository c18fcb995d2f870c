/**
 * The number of cells in each decade, from that of 1e-7 to that of 0.1. `headscope.wire.decimal16` describes the
 * encoding.
 */
const CELLS = [1200, 1200, 12600, 12600, 12600, 12600, 12600] as const;

/** The first code of each decade, and the code of one. */
const STARTS = [1];
for (const cells of CELLS) STARTS.push((STARTS.at(-1) as number) + cells);

const ONE = STARTS.at(-1) as number;
const MISSING = 65535;

/** The weight of each code; NaN for missing weights and for unused codes. */
export const decimal16Table: Float32Array = new Float32Array(MISSING + 1).fill(Number.NaN);
decimal16Table[0] = 0;
decimal16Table[ONE] = 1;
CELLS.forEach((cells, decade) => {
  for (let cell = 0; cell < cells; cell++) {
    decimal16Table[(STARTS[decade] as number) + cell] = (cells / 9 + cell + 0.5) / cellsOfOne(decade);
  }
});

/** How many cells of a decade's width would fit between 0 and 1. */
function cellsOfOne(decade: number): number {
  return ((CELLS[decade] as number) / 9) * 10 ** (CELLS.length - decade);
}

/** The code of a weight between 0 and 1; a value that is not finite gets the code of a missing weight. */
export function decimalOf(weight: number): number {
  if (!Number.isFinite(weight)) return MISSING;
  if (weight >= 1) return ONE;
  for (let decade = CELLS.length - 1; decade >= 0; decade--) {
    const cells = CELLS[decade] as number;
    const cell = Math.floor(weight * cellsOfOne(decade) - cells / 9);
    if (cell >= 0) return (STARTS[decade] as number) + Math.min(cells - 1, cell);
  }
  return 0;
}
