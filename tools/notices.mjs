/** The copyright notices of the libraries that a bundle holds, which have to travel with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/**
 * One comment for the packages among the inputs of a build, by esbuild's metafile: who holds the rights in each, and
 * each licence's text once. Throws if a package has no licence in words that the others have too.
 */
export function notices(root, inputs) {
  const names = new Set(Object.keys(inputs).flatMap((path) => PACKAGE.exec(path)?.[1] ?? []));
  const texts = new Map();
  for (const name of [...names].sort()) {
    const { holders, terms } = licence(join(root, "node_modules", name));
    texts.set(terms, [...(texts.get(terms) ?? []), `${name}: ${holders}`]);
  }
  const parts = [...texts].map(([terms, packages]) => `${packages.join("\n")}\n\n${terms}`);
  return parts.length > 0 ? `/*! This file holds\n\n${parts.join("\n\n")}\n*/` : "";
}

/** The holders of the rights in a package, and the terms of its licence without titles and line breaks. */
function licence(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(\.\w+)?$/i.test(name));
  if (!file) throw new Error(`${folder} has no licence`);
  const paragraphs = readFileSync(join(folder, file), "utf8")
    .trim()
    .split(/\r?\n\s*\r?\n/);
  const flat = paragraphs.map((one) => one.replace(/\s+/g, " ").trim());
  const holders = flat.filter((one) => /^copyright/i.test(one));
  const terms = flat.filter((one) => !/^copyright/i.test(one) && !/^(the )?\S+ license( \(\S+\))?$/i.test(one));
  if (holders.length === 0 || terms.length === 0) throw new Error(`${join(folder, file)} names no holder or no terms`);
  return { holders: holders.join("; "), terms: terms.join("\n\n") };
}
