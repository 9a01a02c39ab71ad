// Watches a run: its events bring the page up to date, and its log's lines as they are written.
"use strict";

const POLL_SECONDS = 5;
const MOST_LINES = 10000;
let source = null;
let polling = 0;
let refreshing = 0;

const runElement = () => document.getElementById("run");
const logElement = () => document.querySelector("[data-log]");

function refresh() {
  // Events may come quicker than anybody reads.
  if (refreshing) return;
  refreshing = setTimeout(() => {
    refreshing = 0;
    htmx.trigger(runElement(), "stale");
  }, 300);
}

function isShown({ state, heard_at: heard, cancel_requested_at: wish }) {
  const { state: shownState, heard: shownHeard } = runElement().dataset;
  return !wish && state === shownState && Date.parse(heard) === Date.parse(shownHeard);
}

function connect() {
  if (source) source.close();
  const url = runElement().dataset.events;
  if (!url) return;
  const log = logElement();
  const asked = log ? { logs: "true", cursor: log.dataset.cursor } : {};
  source = new EventSource(`${url}?${new URLSearchParams(asked)}`);
  source.addEventListener("run", (event) => {
    if (!isShown(JSON.parse(event.data))) refresh();
  });
  source.addEventListener("log", (event) => write(JSON.parse(event.data)));
  source.addEventListener("end", () => {
    source.close();
    refresh();
    // What the tab shows is whole now: rows have landed, the log is written.
    htmx.ajax("GET", location.href, { target: "#tab", swap: "outerHTML" });
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) poll();
  };
}

function poll() {
  if (polling) return;
  polling = setInterval(() => {
    if (!runElement().dataset.events) clearInterval(polling);
    refresh();
  }, POLL_SECONDS * 1000);
}

// The log

function write({ lines, levels }) {
  const log = logElement();
  if (!log) return;
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const added = lines.map((text, number) => {
    const line = document.createElement("li");
    line.dataset.level = levels[number];
    line.textContent = text || " ";
    line.hidden = !isWanted(line);
    return line;
  });
  log.append(...added);
  while (log.children.length > MOST_LINES) log.firstElementChild.remove();
  tellEmpty();
  if (document.querySelector("[data-follow]").checked && wasAtEnd) log.scrollTop = log.scrollHeight;
}

function isWanted(line) {
  const form = document.querySelector("[data-log-filter]");
  const levels = { "": ["info", "warning", "error"], warning: ["warning", "error"], error: ["error"] };
  const words = form.elements.words.value.toLowerCase();
  return levels[form.elements.level.value].includes(line.dataset.level) && line.textContent.toLowerCase().includes(words);
}

function filter() {
  for (const line of logElement().querySelectorAll("[data-level]")) line.hidden = !isWanted(line);
  tellEmpty();
}

function tellEmpty() {
  document.querySelector("[data-log-empty]").hidden = Boolean(logElement().querySelector("li:not([hidden])"));
}

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-log-filter]") && logElement()) filter();
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-log-filter]") || !logElement()) return;
  event.preventDefault();
  filter();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-follow]") && event.target.checked) logElement().scrollTop = logElement().scrollHeight;
});

// The bar goes on between two events, and never back.

const shown = { attempt: "", share: 0 };

function estimate(seconds, usual) {
  const passed = Math.max(0, seconds) / Math.max(usual, 0.1);
  return passed <= 1 ? 0.9 * passed : 1 - 0.1 * Math.exp(1 - passed);
}

function moveBar() {
  const bar = document.querySelector("#run progress");
  if (!bar) return;
  const { attempt, began, usual } = bar.dataset;
  if (shown.attempt !== attempt) Object.assign(shown, { attempt, share: 0 });
  if (usual) bar.value = estimate((Date.now() - Date.parse(began)) / 1000, Number(usual));
  if (!bar.hasAttribute("value")) return;
  shown.share = Math.max(shown.share, bar.value);
  bar.value = shown.share;
}

// What is unfolded, in focus or about to be pressed stays so when the part is fetched again.

const PRESSABLE = "a, button, summary";
let unfolded = [];
let focused = -1;
let isPressing = false;

document.addEventListener("pointerdown", (event) => {
  isPressing = Boolean(event.target.closest("#run"));
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => setTimeout(() => (isPressing = false)));
}
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id !== "run") return;
  if (isPressing) {
    event.detail.shouldSwap = false;
    refresh();
  }
  unfolded = [...event.target.querySelectorAll("details[open][id]")].map(({ id }) => id);
  focused = [...event.target.querySelectorAll(PRESSABLE)].indexOf(document.activeElement);
});
document.addEventListener("htmx:afterSwap", (event) => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  if (focused >= 0) runElement().querySelectorAll(PRESSABLE)[focused]?.focus({ preventScroll: true });
  unfolded = [];
  focused = -1;
  moveBar();
  if (event.detail.target.id === "tab") connect();
});

connect();
moveBar();
setInterval(moveBar, 1000);
if (logElement() && runElement().dataset.events) logElement().scrollTop = logElement().scrollHeight;
