"use strict";
/* Shows one audience segment, or only the lines in which a difference was found. */
(() => {
  const form = document.getElementById("segment-filter");
  if (!form) return;
  const chosen = form.querySelector("select");
  const only = form.querySelector("input[type=checkbox]");
  const status = form.querySelector("[role=status]");
  const lines = [...document.querySelectorAll("tr[data-found]")];

  function filter() {
    let n = 0;
    for (const segment of document.querySelectorAll("section[data-segment]")) {
      segment.hidden = Boolean(chosen.value) && segment.dataset.segment !== chosen.value;
    }
    for (const line of lines) {
      line.hidden = only.checked && line.dataset.found !== "yes";
      n += !line.hidden && !line.closest("section[data-segment]").hidden;
    }
    // A stage or table without a line left says nothing.
    for (const part of document.querySelectorAll(".at-stage, .at-stage .table-scroll, .at-stage details")) {
      part.hidden = only.checked && !part.querySelector("tr[data-found=yes]");
    }
    status.textContent = `${n} of ${lines.length} lines shown`;
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
