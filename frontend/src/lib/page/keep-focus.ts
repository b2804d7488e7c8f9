/**
 * When the focused element is removed or disabled, the browser moves the focus to `<body>`: a keyboard user starts
 * again at the top of the page, and a screen reader reads nothing. This moves it to the element in its place.
 */

const FOCUSABLE =
  "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex]:not([tabindex^='-'])";

/** An ancestor of the focused element, and the element's index among its focusable elements. */
interface Step {
  readonly within: Element;
  readonly index: number;
}

const focusableIn = (within: Element) => [...within.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(isVisible);

function isVisible(element: Element): boolean {
  return typeof element.checkVisibility === "function"
    ? element.checkVisibility({ visibilityProperty: true })
    : element.closest("[hidden], dialog:not([open])") === null;
}

const takesFocus = (element: Element) => element.isConnected && !element.matches(":disabled");
const holds = (element: Element) => takesFocus(element) && isVisible(element);

/** Ancestors of the element, up to its dialog. */
function stepsOf(element: HTMLElement): Step[] {
  const steps: Step[] = [];
  let around = focusableIn(document.body);
  const outwards: Element[] = [];
  for (let within = element.parentElement; within && within !== document.body; within = within.parentElement) {
    outwards.push(within);
    if (within instanceof HTMLDialogElement) break;
  }
  for (const within of outwards.reverse()) {
    around = around.filter((each) => within.contains(each));
    steps.push({ within, index: around.indexOf(element) });
  }
  return steps.reverse();
}

/** The nearest remaining target: a focusable container, or the element now at the same position. */
function heir(steps: readonly Step[]): HTMLElement | null {
  for (const { within, index } of steps) {
    if (!holds(within)) continue;
    if (within instanceof HTMLElement && within.hasAttribute("tabindex")) return within;
    const left = focusableIn(within);
    const next = left[Math.min(Math.max(index, 0), left.length - 1)];
    if (next) return next;
  }
  return null;
}

/** Keeps the focus from moving to `<body>`. Returns a function that ends it. */
export function keepFocus(): () => void {
  let focused: HTMLElement | null = null;
  let steps: readonly Step[] = [];
  /** The target that had the focus when a dialog was opened. */
  let behind: readonly Step[] = [];

  const remember = () => {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || activeElement === document.body) {
      focused = null;
      return;
    }
    const dialog = activeElement.closest("dialog");
    if (dialog && !dialog.contains(focused)) behind = steps;
    focused = activeElement;
    steps = dialog ? [...stepsOf(activeElement), ...behind] : stepsOf(activeElement);
  };
  const onFocusOut = () => {
    // Focus that was moved away on purpose, with the element still in place, is not restored.
    queueMicrotask(() => {
      if (focused && document.activeElement === document.body && holds(focused)) focused = null;
    });
  };
  const observer = new MutationObserver(() => {
    const { activeElement } = document;
    if (
      !focused ||
      (activeElement === focused ? takesFocus(focused) : activeElement !== document.body || holds(focused))
    )
      return;
    // Behind a dialog that is closing nothing is focusable yet; the next change tries again.
    heir(steps)?.focus({ preventScroll: true });
  });

  // Before a click or key takes effect, the element's neighbours may have changed since it got the focus.
  for (const type of ["focusin", "click", "keydown"]) document.addEventListener(type, remember, true);
  document.addEventListener("focusout", onFocusOut);
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled", "open", "hidden"] });
  return () => {
    for (const type of ["focusin", "click", "keydown"]) document.removeEventListener(type, remember, true);
    document.removeEventListener("focusout", onFocusOut);
    observer.disconnect();
  };
}
