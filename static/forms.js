// What makes forms quick. All of them work without it.
"use strict";

(() => {
  const helpOf = (place) => place.closest("[data-field]")?.querySelector("[data-help]");

  // The help of the field that has the focus is shown in the page's [data-help-shown], longer words and all.
  function showHelp(target) {
    const aside = document.querySelector("[data-help-shown]");
    const field = aside && target.closest("[data-form] [data-field]");
    if (!field) return;
    const title = field.querySelector("legend, label, .form-check-label");
    const help = helpOf(target);
    const name = document.createElement("h2");
    name.textContent = title ? title.textContent.trim() : "";
    const words = help ? help.cloneNode(true) : document.createElement("p");
    words.removeAttribute("id");
    const more = words.querySelector("[data-help-more]");
    if (more) words.replaceChildren(more, ...words.querySelectorAll("[data-help-examples], :scope > a[target]"));
    aside.replaceChildren(name, words);
    aside.hidden = false;
  }

  // A field that is wrong is opened up, whatever it is folded into, and gets the focus.
  function focusOn(id) {
    const target = document.getElementById(id);
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    const control = target.matches("input, select, textarea, button") ? target : target.querySelector("input:not([type=hidden]), select, textarea, button");
    (control || target).focus();
  }

  function firstError(root) {
    const link = root.querySelector("[data-form-errors] a[href^='#']");
    if (link) focusOn(decodeURIComponent(link.hash.slice(1)));
  }

  // Looking for a field: those whose words do not fit are hidden, and folded parts open while one looks.
  function search(input) {
    const form = input.closest("[data-form]");
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    for (const field of form.querySelectorAll("[data-field]")) {
      const fits = !wanted || `${field.textContent} ${field.dataset.name}`.toLowerCase().includes(wanted);
      field.hidden = !fits;
      if (fits && !field.querySelector("[data-field]")) found += 1;
    }
    for (const fold of form.querySelectorAll("[data-fold]")) {
      if (fold.dataset.was === undefined) fold.dataset.was = fold.open;
      fold.open = wanted ? Boolean(fold.querySelector("[data-field]:not([hidden])")) : fold.dataset.was === "true";
      if (!wanted) delete fold.dataset.was;
    }
    form.querySelector("[data-form-found]").textContent = wanted ? String(found) : "";
  }

  function prepare(root) {
    for (const box of root.querySelectorAll("[data-form-search]")) box.hidden = false;
    firstError(root);
  }

  document.addEventListener("focusin", (event) => showHelp(event.target));
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-form-search] input")) search(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-form-search] input")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-form-errors] a[href^='#']");
    if (!link) return;
    event.preventDefault();
    focusOn(decodeURIComponent(link.hash.slice(1)));
  });

  // The form comes anew while somebody works in it: folds stay as they were, and the focus comes back.
  let folds = new Map();
  let focused = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.target.closest?.("[data-form]");
    if (!form) return;
    folds = new Map([...form.querySelectorAll("[data-fold]")].map((fold) => [fold.querySelector("summary").textContent, fold.open]));
    focused = form.contains(document.activeElement) ? (document.activeElement.value && document.activeElement.matches("button") ? document.activeElement.value : document.activeElement.id) : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const fold of document.querySelectorAll("[data-form] [data-fold]")) {
      if (folds.get(fold.querySelector("summary").textContent)) fold.open = true;
    }
    for (const box of document.querySelectorAll("[data-form-search]")) box.hidden = false;
    const [verb, name] = (focused || "").split(/:(.*)/s);
    // A new row is begun at once; where one went, the button that adds another has the focus.
    if (name && document.activeElement === document.body) focusNewRow(verb, name);
    else if (focused && document.activeElement === document.body) focusOn(focused);
    focused = null;
  });

  // What is typed, chosen or pressed while the form is on its way goes into the new one.
  let sent = null;
  let typed = [];
  let pressed = "";
  const holds = (control) => (control.matches("[type=checkbox], [type=radio]") ? control.checked : control.value);
  const controls = (form) => [...form.querySelectorAll("input[id]:not([type=hidden]), select[id], textarea[id]")];
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.target.closest?.("[data-form]");
    if (form && sent) event.preventDefault();  // it is asked for again when the first answer is there
    else if (form) sent = new Map(controls(form).map((control) => [control.id, holds(control)]));
  });
  document.addEventListener("click", (event) => {
    const button = sent && event.target.closest("[data-form] button[name=_action]");
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = button.value;
  }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.target.closest?.("[data-form]");
    if (form && sent) typed = controls(form).filter((one) => sent.has(one.id) && sent.get(one.id) !== holds(one));
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!sent) return;
    sent = null;
    const [changed, value] = [typed, pressed];
    [typed, pressed] = [[], ""];
    for (const old of changed) {
      const control = document.getElementById(old.id);
      if (!control) continue;
      if (old.matches("[type=checkbox], [type=radio]")) control.checked = old.checked;
      else control.value = old.value;
      if (control.matches("[data-refresh]") && holds(control)) control.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (value) [...document.querySelectorAll("button[name=_action]")].find((button) => button.value === value)?.click();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) [sent, pressed] = [null, ""];
  });

  function focusNewRow(verb, name) {
    const add = [...document.querySelectorAll("button[name=_action]")].find((button) => button.value === `${verb}:${name}`);
    const list = add?.closest("fieldset");
    const row = verb === "add" ? [...(list?.querySelectorAll(":scope > [data-row]") || [])].pop() : null;
    (row?.querySelector("input:not([type=hidden]), select, textarea") || add || list?.querySelector("button"))?.focus();
  }

  for (const form of document.querySelectorAll("[data-form]")) prepare(form);
})();
