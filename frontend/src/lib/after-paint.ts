/** Run `work` once the frame that is about to be painted is on the screen: an answer first, then what takes time. */
export function afterPaint(work: () => void): void {
  requestAnimationFrame(() => setTimeout(work));
}
