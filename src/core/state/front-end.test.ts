import { expect, test } from "vitest";
import { announceFrontEnd, differenceOf, skewOf } from "./front-end";

const of = (contract: number, version = `0.${contract}`) => ({ contract, version });

test("a view says which Headscope is older, and what to do", () => {
  expect(skewOf(of(1))).toBeNull();
  announceFrontEnd(of(2));
  expect(skewOf(of(2, "0.2.1"))).toBeNull();
  expect(skewOf(of(3))).toMatch(
    /of the Jupyter server \(0\.2\) is older than that of the kernel \(0\.3\).* in the environment of the Jupyter server, /,
  );
  expect(skewOf(of(1))).toMatch(
    /of the kernel \(0\.1\) is older than that of the Jupyter server \(0\.2\).* in the environment of the kernel, /,
  );
});

test("the panel reports harmless differences too", () => {
  announceFrontEnd(of(2));
  expect(differenceOf(of(2))).toBeNull();
  expect(differenceOf(undefined)).toBeNull();
  expect(differenceOf(of(3))).toBe(skewOf(of(3)));
  expect(differenceOf(of(2, "0.2.1"))).toMatch(
    /from Headscope 0\.2\.1; the Jupyter server has 0\.2\. They work together/,
  );
});
