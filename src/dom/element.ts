export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes and children. Text given as a child is text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children);
  return made;
}

/** Sets an attribute; `true` sets it empty, `false` and `undefined` remove it. */
export function setAttribute(target: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

/** Splits a sentence that contains a command, and wraps the command so that it stays on one line. */
export function withCommand(sentence: string, command: string): (string | HTMLElement)[] {
  const at = sentence.indexOf(command);
  if (at < 0) return [sentence];
  const shown = element("code", { class: "hs-command" }, command);
  return [sentence.slice(0, at), shown, sentence.slice(at + command.length)];
}
