// Shows the stages of a test as they pass: the answer to the form is read piece by piece.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-trial]");
  if (!button) return;
  event.preventDefault();
  const stages = document.getElementById("stages");
  const data = new FormData(button.form);
  data.set("action", "test");
  button.disabled = true;
  stages.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button.form.getAttribute("action") || location.href, {
      method: "POST", body: data, headers: { "X-Pieces": "1" }, credentials: "same-origin",
    });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      const pieces = text.split("\u0000");
      text = pieces.pop();
      if (pieces.length) stages.innerHTML = pieces.at(-1);
    }
    location.reload();
  } catch {
    button.form.requestSubmit(button);
  } finally {
    stages.setAttribute("aria-busy", "false");
    button.disabled = false;
  }
});
