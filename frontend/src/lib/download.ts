/** Save a streamed answer as a file, saying on the way how much of it has come. */
export interface DownloadProgress {
  /** Lines after the header; for a binary file, the server's count. */
  readonly rows: number;
  readonly bytes: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

const PROGRESS_MS = 150;
/** Bytes kept in memory; earlier ones are in a blob, which a browser may move to disk. */
const PART_BYTES = 4_000_000;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** Counts the lines of a CSV file (RFC 4180) chunk by chunk; line breaks within quotes do not count. */
export function createLineCounter(): (piece: Uint8Array) => number {
  let lines = 0;
  let quoted = false;
  return (piece) => {
    for (const byte of piece) {
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LINE_FEED && !quoted) lines += 1;
    }
    return lines;
  };
}

function fileName(response: Response): string {
  return /filename="([^"/\\]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "events.csv";
}

/** Read the response to its end and pass it to the browser as a file. Aborting the request's signal ends it. */
export async function saveResponse(response: Response, { onProgress }: DownloadOptions): Promise<DownloadProgress> {
  const told = Number(response.headers.get("X-Rows") ?? Number.NaN);
  const lines = createLineCounter();
  const count = (piece: Uint8Array) => (Number.isNaN(told) ? Math.max(0, lines(piece) - 1) : told);
  const done: Blob[] = [];
  let open: Uint8Array<ArrayBuffer>[] = [];
  let openBytes = 0;
  let shownAt = 0;
  let progress: DownloadProgress = { rows: 0, bytes: 0 };
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    open.push(piece.value);
    openBytes += piece.value.length;
    progress = { rows: count(piece.value), bytes: progress.bytes + piece.value.length };
    if (openBytes > PART_BYTES) {
      done.push(new Blob(open));
      open = [];
      openBytes = 0;
    }
    if (Date.now() - shownAt > PROGRESS_MS) {
      shownAt = Date.now();
      onProgress?.(progress);
    }
  }
  saveBlob(
    new Blob([...done, ...open], { type: response.headers.get("Content-Type") ?? "text/csv" }),
    fileName(response),
  );
  return progress;
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // A browser that still reads the address would lose the file; it is let go a little later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
