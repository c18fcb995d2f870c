/** How a heat map turns weights into colours. */
export type Scale = "linear" | "sqrt" | "log";

/** The weight that the log scale shows as the first colour; those below look the same. */
export const LOG_FLOOR = 1e-4;

/** The index from 0 to 255 of a weight's colour, when `max` gets the last colour. NaN stays NaN. */
export function heatIndex(weight: number, scale: Scale, max = 1): number {
  const fraction = scaled(weight / max, scale);
  return Math.round(255 * Math.min(1, Math.max(0, fraction)));
}

function scaled(fraction: number, scale: Scale): number {
  if (scale === "linear") return fraction;
  if (scale === "sqrt") return Math.sqrt(Math.max(0, fraction));
  return 1 - Math.log(Math.max(LOG_FLOOR, fraction)) / Math.log(LOG_FLOOR);
}
