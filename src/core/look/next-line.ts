/** The place of a box on a page. */
export interface LineBox {
  readonly left: number;
  readonly top: number;
  readonly height: number;
}

/**
 * The index of the box in the next line, up (-1) or down (1), whose left edge is nearest; undefined on the last line.
 */
export function nextLine(boxes: readonly LineBox[], at: number, step: 1 | -1): number | undefined {
  const here = boxes[at];
  if (!here) return undefined;
  const slack = here.height / 2;
  // Compare middles, because boxes of one line may differ in height.
  const down = boxes.map((box) => (box.top + box.height / 2 - here.top - here.height / 2) * step);
  const line = down.reduce((least, way) => (way > slack && way < least ? way : least), Number.POSITIVE_INFINITY);
  const away = (index: number) => Math.abs((boxes[index] as LineBox).left - here.left);
  return [...boxes.keys()]
    .filter((index) => Math.abs((down[index] as number) - line) < slack)
    .reduce<number | undefined>(
      (best, index) => (best === undefined || away(index) < away(best) ? index : best),
      undefined,
    );
}
