// Keeps what is shown fresh: elements with `data-fresh` (seconds) are fetched again while somebody looks at them.
"use strict";

const fetchedAt = new WeakMap();

setInterval(() => {
  if (document.visibilityState !== "visible") return;
  for (const element of document.querySelectorAll("[data-fresh]")) {
    if (!fetchedAt.has(element)) fetchedAt.set(element, Date.now());
    const isDue = Date.now() - fetchedAt.get(element) >= Number(element.dataset.fresh) * 1000;
    // Whoever moves through it by keyboard, or has a menu open in it, is not disturbed.
    if (!isDue || element.contains(document.activeElement) || element.querySelector("details[open]")) continue;
    fetchedAt.set(element, Date.now());
    htmx.trigger(element, "stale");
  }
}, 500);
