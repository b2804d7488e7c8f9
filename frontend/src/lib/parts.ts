/** Lazily loaded parts of the application, and what to do if one is missing. */

/** The server is down, or serves another build with other files. */
export class MissingPartError extends Error {
  override readonly name = "MissingPartError";
}

/** The import of a part, failing as `MissingPartError`. The router would reload the page on the browser's own error. */
export function part<T>(load: () => Promise<T>): () => Promise<T> {
  return () =>
    load().catch((cause: unknown) => {
      throw new MissingPartError("A part of the application could not be fetched.", { cause });
    });
}

/**
 * Reload the page if the server responds, else return false and change nothing. A new import would not help:
 * a browser may cache the failure, and after an upgrade the file is gone.
 */
export async function reloadWhenServed(): Promise<boolean> {
  const answer = await fetch(window.location.href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return false;
  window.location.reload();
  return true;
}

const AGAIN_MS = 10_000;

/** Preload parts one after another while the browser is idle, so that they work without a server. */
export function fetchWhenIdle(parts: readonly (() => Promise<unknown>)[]): void {
  const idle: (run: () => void) => void =
    "requestIdleCallback" in window ? (run) => requestIdleCallback(run) : (run) => setTimeout(run, 1_000);
  const [first, ...others] = parts;
  if (!first) return;
  idle(() => {
    first().then(
      () => fetchWhenIdle(others),
      () => setTimeout(() => fetchWhenIdle(parts), AGAIN_MS),
    );
  });
}
