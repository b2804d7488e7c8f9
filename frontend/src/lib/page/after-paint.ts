/** Run `work` after the next frame is painted: feedback first, then the slow work. */
export function afterPaint(work: () => void): void {
  requestAnimationFrame(() => setTimeout(work));
}
