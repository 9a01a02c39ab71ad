// Names for what the admin's own scripts make without one: whoever hears the page must know what they are in.
"use strict";

function nameAll() {
  document.querySelectorAll("select.admin-autocomplete").forEach((select) => {
    const words = select.labels[0]?.textContent.trim() || select.closest("[data-name]")?.dataset.name || select.name;
    select.nextElementSibling?.querySelectorAll("[role=combobox], [role=textbox]").forEach((part) => {
      part.removeAttribute("aria-labelledby"); // it names the choice alone, and there may be none
      part.setAttribute("aria-label", words.replace(/\s*\*$/, ""));
    });
  });
  document.querySelectorAll(".simplebar-content-wrapper").forEach((area, number) => {
    area.setAttribute("aria-label", area.closest("nav") ? "Navigation" : `Scrolled part ${number + 1}`);
  });
}

// After whatever waits for jQuery to be ready: those scripts make the parts that are named here.
addEventListener("load", () => (window.django?.jQuery ? window.django.jQuery(nameAll) : nameAll()));
