/** How far the server's clock is ahead of this one. A sample is `server time - arrival`, which is the
 * offset minus the transit time; the largest of the last samples had the shortest transit.
 */
export interface ClockOffset {
  sample(serverMs: number, arrivalMs: number): void;
  /** Milliseconds to add to this clock to get the server's; 0 before the first sample. */
  ms(): number;
}

const SAMPLES = 24;

export function createClockOffset(): ClockOffset {
  const samples: number[] = [];
  return {
    sample: (serverMs, arrivalMs) => {
      if (!Number.isFinite(serverMs)) return;
      samples.push(serverMs - arrivalMs);
      if (samples.length > SAMPLES) samples.shift();
    },
    ms: () => (samples.length === 0 ? 0 : Math.max(...samples)),
  };
}
