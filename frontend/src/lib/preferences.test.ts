import { beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

const load = async () => (await import("./preferences")).preferences;

it("keeps what was chosen", async () => {
  (await load()).update({ theme: "dark", timeZone: "Asia/Ho_Chi_Minh" });
  vi.resetModules();
  expect((await load()).get()).toMatchObject({ theme: "dark", timeZone: "Asia/Ho_Chi_Minh" });
});

it.each(["not json", "17", '{"theme":"pink","range":"99y","timeZone":"Mars/Base","language":"de"}'])(
  "takes the defaults for invalid data: %s",
  async (stored) => {
    localStorage.setItem("orderpulse.preferences", stored);
    expect((await load()).get()).toMatchObject({ theme: "system", range: "1h", timeZone: null, language: null });
  },
);

it("calls a zone that was kept under its former name by the present one", async () => {
  localStorage.setItem("orderpulse.preferences", '{"timeZone":"Asia/Saigon"}');
  expect((await load()).get().timeZone).toBe("Asia/Ho_Chi_Minh");
});

it("follows another tab", async () => {
  const preferences = await load();
  localStorage.setItem("orderpulse.preferences", '{"theme":"light"}');
  window.dispatchEvent(new StorageEvent("storage", { key: "orderpulse.preferences" }));
  expect(preferences.get().theme).toBe("light");
});

it("lives without storage", async () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const preferences = await load();
  preferences.update({ theme: "dark" });
  expect(preferences.get().theme).toBe("dark");
});
