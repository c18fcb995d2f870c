import { element } from "./element";

/** The parts of a sentence that holds a command: the command stands on one line, as one types it. */
export function withCommand(sentence: string, command: string): (string | HTMLElement)[] {
  const at = sentence.indexOf(command);
  if (at < 0) return [sentence];
  const shown = element("code", { class: "hs-command" }, command);
  return [sentence.slice(0, at), shown, sentence.slice(at + command.length)];
}
