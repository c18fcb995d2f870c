import { defineConfig } from "vitest/config";
import { WORKERS } from "./harness/workers";

/** Files run side by side, each worker with its own JupyterLab and Chromium; the tests of a file run in sequence. */
export default defineConfig({
  test: {
    include: ["ui-tests/**/*.test.ts"],
    globalSetup: ["ui-tests/harness/setup.ts"],
    pool: "forks",
    maxWorkers: WORKERS,
    minWorkers: 1,
    // Seconds are enough, but not on a busy machine. A test that hangs ends before the stage, which may be silent for 640 s.
    testTimeout: 600_000,
    hookTimeout: 180_000,
    // A busy machine may take long to reach an awaited state; one that never comes still fails.
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 30_000,
  },
});
