"use strict";
// The list of reports: ages, sorting and filters. Without it the page is whole.
(() => {
  const units = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const age = (then) => {
    const seconds = (Date.now() - then) / 1000;
    for (const [unit, length] of units) {
      const n = Math.floor(seconds / length);
      if (n >= 1) return `${n} ${unit}${n > 1 ? "s" : ""} ago`;
    }
    return "just now";
  };
  for (const time of document.querySelectorAll("main time[datetime]")) {
    const then = Date.parse(time.dateTime);
    if (Number.isNaN(then)) continue;
    const said = document.createElement("span");
    said.className = "n age";
    said.textContent = ` (${age(then)})`;
    time.after(said);
  }

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };
  const compare = (one, other) => {
    const a = Number(one), b = Number(other);
    if (one !== "" && other !== "" && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
    return one.localeCompare(other, "en", { numeric: true, sensitivity: "base" });
  };
  const sort = (table, header) => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((a, b) => {
      const order = compare(valueOf(a, header.cellIndex), valueOf(b, header.cellIndex));
      return down ? -order : order;
    });
    body.append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header));
      header.append(button);
    }
  }

  const filters = document.getElementById("filters");
  if (!filters) return;
  const words = document.getElementById("words");
  const status = document.getElementById("status");
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll("table.studies tbody tr")];
  const sections = new Map(
    [...document.querySelectorAll("section[data-study]")].map((part) => [part.dataset.study, part]));
  const filter = () => {
    const wanted = words.value.trim().toLowerCase();
    let n = 0;
    for (const row of rows) {
      const section = sections.get(row.dataset.study);
      const text = `${row.textContent} ${section.textContent}`.toLowerCase();
      const fits = (!status.value || row.dataset.status === status.value) && text.includes(wanted);
      row.hidden = !fits;
      section.hidden = !fits;
      n += fits;
    }
    found.textContent = `${n} of ${rows.length} ${rows.length === 1 ? "study" : "studies"}`;
  };
  words.addEventListener("input", filter);
  status.addEventListener("change", filter);
  filters.hidden = false;
  filter();
})();
