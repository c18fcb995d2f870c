import { defineConfig } from "vitest/config";
import vscode from "./vscode.config";

/** `npx vitest run -c benchmarks/file.config.ts`: measures in the JupyterLab that the browser tests use. */
export default defineConfig({ test: { ...vscode.test, include: ["benchmarks/file.ts"] } });
