import { describe, expect, it, vi } from "vitest";
import {
  announceCapture,
  DEFAULT_SETTINGS,
  followLive,
  followSettings,
  type LiveCapture,
  liveCaptures,
  setUserSettings,
  userSettings,
} from "./live";

const capture = { name: () => "Cat" } as LiveCapture;

describe("the registry of the page", () => {
  it("is shared by all copies of the code", async () => {
    vi.resetModules();
    const other = await import("./live");
    expect(other.liveCaptures).not.toBe(liveCaptures);
    const ended = new AbortController();
    announceCapture(capture, ended.signal);
    expect(other.liveCaptures()).toEqual([capture]);
    other.setUserSettings({ scale: "log" });
    expect(userSettings()).toEqual({ ...DEFAULT_SETTINGS, scale: "log" });
    other.setUserSettings({});
    ended.abort();
    expect(other.liveCaptures()).toEqual([]);
  });

  it("reports what is added and removed until the follower stops", () => {
    const [ended, followed] = [new AbortController(), new AbortController()];
    let told = 0;
    followLive(() => told++, followed.signal);
    announceCapture(capture, ended.signal);
    ended.abort();
    expect(told).toBe(2);
    followed.abort();
    const later = new AbortController();
    announceCapture(capture, later.signal);
    later.abort();
    expect(told).toBe(2);
  });

  it("does not list a capture that ended before it was announced", () => {
    const before = liveCaptures().length;
    announceCapture({ ...capture }, AbortSignal.abort());
    expect(liveCaptures().length).toBe(before);
  });

  it("passes on settings, at once and later", () => {
    const followed = new AbortController();
    const seen: (number | null)[] = [];
    followSettings(({ threshold }) => seen.push(threshold), followed.signal);
    setUserSettings({ threshold: 0.1 });
    followed.abort();
    setUserSettings({});
    expect(seen).toEqual([null, 0.1]);
  });
});
