import type { Dtype } from "../../contract.gen";

const SMALLEST = 0.0005;

/**
 * Formats a weight with three significant digits and at most four decimals, or as "missing" if it is not finite.
 * `sqrt8` rounds weights, so these get two digits and a sign for "approximately".
 */
export function formatWeight(weight: number, dtype?: Dtype): string {
  if (!Number.isFinite(weight)) return "missing";
  const about = dtype === "sqrt8" ? "≈ " : "";
  if (weight === 0) return `${about}0`;
  if (Math.abs(weight) < SMALLEST) return weight > 0 ? `< ${SMALLEST}` : `> -${SMALLEST}`;
  return about + significant(weight, dtype === "sqrt8" ? 2 : 3);
}

function significant(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(rounded)));
  return decimals < 0 ? String(rounded) : value.toFixed(Math.min(4, decimals));
}

/** Formats a size in steps of 1000: "512 B", "9.0 kB", "25.7 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let size = bytes / 1000;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}
