// The editor of schemas: numbered lines, errors at their line, and the form as the wizard will show it, while one types.
"use strict";

(() => {
  const PAUSE_MS = 400;

  function numbered(sheet, text) {
    const gutter = document.createElement("div");
    gutter.className = "hub-gutter";
    gutter.setAttribute("aria-hidden", "true");
    sheet.prepend(gutter);
    sheet.classList.add("is-numbered");
    let bad = new Map();
    let drawing = 0;

    const draw = () => {
      drawing = 0;
      const count = text.value.split("\n").length;
      while (gutter.childElementCount > count) gutter.lastElementChild.remove();
      const missing = Array.from({ length: Math.max(0, count - gutter.childElementCount) }, (_, index) => {
        const line = document.createElement("span");
        line.textContent = gutter.childElementCount + index + 1;
        return line;
      });
      gutter.append(...missing);
      gutter.querySelectorAll(".is-bad").forEach((line) => line.classList.remove("is-bad"));
      bad.forEach((_, number) => gutter.children[number - 1]?.classList.add("is-bad"));
      gutter.scrollTop = text.scrollTop;
    };
    // A text that is pasted comes line by line: it is drawn once.
    const drawSoon = () => (drawing ||= requestAnimationFrame(draw));
    text.addEventListener("input", drawSoon);
    text.addEventListener("scroll", () => (gutter.scrollTop = text.scrollTop));
    text.addEventListener("keydown", keepIndent);
    draw();
    return (errors) => {
      bad = new Map(errors.map((error) => [error.line, error.detail]));
      drawSoon();
    };
  }

  // A new line begins where the last one did. Tab stays what it is for everybody: the way to the next field.
  function keepIndent(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    const text = event.target;
    const before = text.value.slice(0, text.selectionStart).split("\n").pop();
    const deeper = /[{[]\s*$/.test(before) ? "  " : "";
    event.preventDefault();
    const inserted = `\n${before.match(/^\s*/)[0]}${deeper}`;
    if (!document.execCommand("insertText", false, inserted)) {
      text.setRangeText(inserted, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function goTo(text, line) {
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[line - 1] || "").length);
    text.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(text).lineHeight));
    text.scrollLeft = 0;
  }

  function listed(list, text) {
    return (errors) =>
      list.replaceChildren(
        ...errors.map((error) => {
          const item = document.createElement("li");
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = `Line ${error.line}`;
          button.addEventListener("click", () => goTo(text, error.line));
          const place = document.createElement("code");
          place.textContent = error.pointer;
          item.append(button, ...(error.pointer ? [place] : []), document.createTextNode(error.detail));
          return item;
        }),
      );
  }

  // The frame is as high as its form, so that only the page scrolls. The form is measured, not the frame's page: that
  // is always as high as the frame.
  function fitted(frame) {
    frame.addEventListener("load", () => {
      const form = frame.contentDocument?.getElementById("content");
      if (!form) return;
      const fit = () => (frame.style.height = `${Math.ceil(form.getBoundingClientRect().height)}px`);
      new ResizeObserver(fit).observe(form);
      fit();
    });
  }

  const theme = () => (document.documentElement.classList.contains("dark") ? "dark" : "light");

  function live(editor) {
    const text = editor.querySelector("textarea");
    const [sheet, state, list, frame] = ["sheet", "state", "errors", "frame"].map((name) =>
      editor.querySelector(`[data-${name}]`),
    );
    const mark = numbered(sheet, text);
    const list_ = listed(list, text);
    const token = editor.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
    let asking = null;
    fitted(frame);

    async function ask() {
      asking?.abort();
      asking = new AbortController();
      const body = new URLSearchParams({ schema: text.value, theme: theme() });
      const headers = { Accept: "application/json", "X-CSRFToken": token };
      try {
        const answer = await fetch(editor.dataset.preview, { method: "POST", body, headers, signal: asking.signal });
        if (!answer.ok) throw new Error(answer.status);
        show(await answer.json());
      } catch (error) {
        if (error.name !== "AbortError") state.textContent = "The preview does not answer. It is asked again when you type.";
      }
    }

    function show({ errors, page }) {
      mark(errors);
      list_(errors);
      text.setAttribute("aria-invalid", String(errors.length > 0));
      state.textContent = errors.length ? `${errors.length} to mend` : "No errors";
      state.classList.toggle("is-bad", errors.length > 0);
      // The last form that was right stays until there is another one.
      if (!errors.length || !frame.srcdoc) frame.srcdoc = page;
      frame.classList.toggle("is-stale", errors.length > 0);
    }

    let timer = 0;
    text.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    });
    new MutationObserver(ask).observe(document.documentElement, { attributeFilter: ["class"] });
    editor.classList.add("is-live");
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-editor]").forEach(live);
  });
})();
