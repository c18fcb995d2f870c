import { defineConfig } from "vitest/config";
import vscode from "./vscode.config";

/** What `benchmarks/long.py` runs: it measures in the JupyterLab that the browser tests use. */
export default defineConfig({
  test: { ...vscode.test, include: ["benchmarks/long.ts"], testTimeout: 900_000, fileParallelism: false },
});
