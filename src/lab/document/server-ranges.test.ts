import { ServerConnection, type ServiceManager } from "@jupyterlab/services";
import { expect, test } from "vitest";
import { rangesOf } from "./server-ranges";

// @vitest-environment happy-dom

const never = new AbortController().signal;

/** Requests a range of a file at `url`, and returns the request that was sent. */
async function sent(url: string): Promise<Request> {
  const requests: Request[] = [];
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: "http://server.test/user/me/",
    token: "secret",
    fetch: async (request, init) => {
      requests.push(new Request(request, init));
      return new Response("");
    },
  });
  const contents = { getDownloadUrl: async (path: string) => `${url}/${path}` };
  await rangesOf({ contents, serverSettings } as unknown as ServiceManager.IManager, "a.attn.safetensors")(
    "bytes=0-7",
    never,
  );
  return requests[0] as Request;
}

test("the server gets the range and the user's token", async () => {
  const { url, headers } = await sent("http://server.test/user/me/files");
  expect(url).toMatch(/^http:\/\/server\.test\/user\/me\/files\/a\.attn\.safetensors/);
  expect([headers.get("Range"), headers.get("Authorization")]).toEqual(["bytes=0-7", "token secret"]);
});

test("another server, to which a drive leads, does not get the token", async () => {
  const { url, headers } = await sent("http://bucket.test/files");
  expect(url).toBe("http://bucket.test/files/a.attn.safetensors");
  expect([headers.get("Range"), headers.get("Authorization")]).toEqual(["bytes=0-7", null]);
});
