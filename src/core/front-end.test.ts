import { expect, test } from "vitest";
import { announceFrontEnd, skewOf } from "./front-end";

test("a view tells where an older Headscope is, and what to do", () => {
  expect(skewOf(1)).toBeNull();
  announceFrontEnd(2);
  expect(skewOf(2)).toBeNull();
  expect(skewOf(3)).toMatch(/of JupyterLab is older than that of the kernel.* where JupyterLab runs, restart/);
  expect(skewOf(1)).toMatch(/of the kernel is older than that of JupyterLab.* where the kernel runs, restart/);
});
