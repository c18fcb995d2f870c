// @vitest-environment happy-dom
import { ServerConnection, type ServiceManager } from "@jupyterlab/services";
import { expect, test } from "vitest";
import { rangesOf } from "./document-server";

const never = new AbortController().signal;

/** Asks for a range of a file that is at `url`; returns what went out. */
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

test("the server is asked for the range, as whoever is logged in", async () => {
  const { url, headers } = await sent("http://server.test/user/me/files");
  expect(url).toMatch(/^http:\/\/server\.test\/user\/me\/files\/a\.attn\.safetensors/);
  expect([headers.get("Range"), headers.get("Authorization")]).toEqual(["bytes=0-7", "token secret"]);
});

test("another server, to which a drive leads, does not learn the token", async () => {
  const { url, headers } = await sent("http://bucket.test/files");
  expect(url).toBe("http://bucket.test/files/a.attn.safetensors");
  expect([headers.get("Range"), headers.get("Authorization")]).toEqual(["bytes=0-7", null]);
});
