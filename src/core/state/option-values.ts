import type { SnapshotState } from "../../contract.gen";
import { OPTIONS, type OptionKind, type OptionRow } from "../../options.gen";

type Check = (value: unknown, row: OptionRow) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** Checks the value of each kind of option. Null is checked elsewhere: it is valid where it is the default. */
const CHECKS: Readonly<Record<OptionKind, Check>> = {
  choice: (value, { choices = [] }) => choices.includes(value as string),
  switch: (value) => typeof value === "boolean",
  text: (value) => typeof value === "string",
  weight: (value) => typeof value === "number" && value >= 0 && value < 1,
  factor: (value) => typeof value === "number" && value > 0 && value <= 1000,
  keyCount: (value, row) => isCount(value, row) && value !== 0,
  position: isCount,
  // Where null stands for all positions, an empty list would show nothing.
  positions: (value, row) =>
    Array.isArray(value) && (value.length > 0 || row.default !== null) && value.every((one) => isCount(one, row)),
};

/** Whether a value is valid for an option. */
export function isValidOption(row: OptionRow, value: unknown): boolean {
  return (value === null && row.default === null) || CHECKS[row.kind](value, row);
}

/** Keeps the known options whose values are valid. Saved values can be of any origin. */
export function validOptions(saved: unknown): Partial<SnapshotState> {
  const values = Object(saved ?? {}) as Record<string, unknown>;
  const valid = OPTIONS.filter((row) => Object.hasOwn(values, row.name) && isValidOption(row, values[row.name]));
  return Object.fromEntries(valid.map(({ name }) => [name, values[name]]));
}
