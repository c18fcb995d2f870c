export type SvgAttributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element as text. `content` is markup. */
export function tag(name: string, attributes: SvgAttributes = {}, content = ""): string {
  const start = `<${name}${attributesText(attributes)}`;
  return content === "" ? `${start}/>` : `${start}>${content}</${name}>`;
}

export function attributesText(attributes: SvgAttributes): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? decimal(value) : escapeXml(value as string)}"`)
    .join("");
}

/** A number with at most two decimals. */
export function decimal(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

/**
 * Escapes text for XML. Characters that XML cannot contain, such as most control characters, become the replacement
 * character.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (letter) => ENTITIES[letter] as string);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
