// What makes the pages quick. All of them work without it.
"use strict";

// Times go on: "3 minutes ago" becomes "4 minutes ago" while the page stays open; `data-since` counts seconds.
const LANGUAGE = document.documentElement.lang || "en";
const RELATIVE = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function ago(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS[3];
  return RELATIVE.format(-Math.round(seconds / size), unit);
}

function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function tellTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (now - Date.parse(time.dateTime)) / 1000;
    if (Math.abs(seconds) < 7 * 86400) time.textContent = ago(seconds);
  }
  for (const time of document.querySelectorAll("time[data-since]")) {
    time.textContent = elapsed((now - Date.parse(time.dateTime)) / 1000);
  }
}
tellTimes();
setInterval(tellTimes, 1000);
document.addEventListener("htmx:afterSettle", tellTimes);

// `/` goes to the page's search, as long as nobody is typing.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const search = document.querySelector("[data-search]");
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// A choice that acts at once; without a script a button does it.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// Menus made of <details> close when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.dropdown[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.dropdown[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// All of a list at once.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of document.querySelectorAll(event.target.dataset.all)) {
    box.checked = event.target.checked;
  }
});

// What changed is told to whoever listens instead of looking.
document.addEventListener("htmx:afterSwap", (event) => {
  const told = event.target.querySelector && event.target.querySelector("[data-tell]");
  if (told) document.getElementById("live").textContent = told.dataset.tell;
});

// A text is copied by the button beside it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copies).textContent.trim().replace(/\s*\n\s*/g, "\n"));
  document.getElementById("live").textContent = button.dataset.done;
  button.classList.add("is-done");
});

// Where tabs or steps do not all fit, the current one is in sight.
for (const here of document.querySelectorAll(".tabs [aria-current], .rail [aria-current]")) {
  const row = here.closest(".tabs, .rail");
  if (here.offsetLeft + here.offsetWidth > row.offsetLeft + row.clientWidth) row.scrollLeft = here.offsetLeft - row.offsetLeft - 16;
}
