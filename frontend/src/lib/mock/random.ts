/** A seeded source of chance (mulberry32): the same seed tells the same story. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  int(from: number, to: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** Poisson-distributed count; a normal approximation above 30. */
  poisson(mean: number): number;
  /** Log-normal around `median`. */
  logNormal(median: number, sigma: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    poisson: (mean) => {
      if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let count = -1;
      for (let product = 1; product > limit || count < 0; product *= next()) count += 1;
      return count;
    },
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
  };
}
