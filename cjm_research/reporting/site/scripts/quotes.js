"use strict";
/* Filters the list of quotes by words, stage, source, kind, code and segment. */
(() => {
  const form = document.getElementById("quote-filter");
  if (!form) return;
  const quotes = [...document.querySelectorAll("figure.voice")].map((figure) => ({
    figure,
    // A quote may stand in an item of a list, which would stay behind as an empty line.
    shown: figure.parentElement.matches("li") ? figure.parentElement : figure,
    text: fold(figure.textContent),
  }));
  const search = form.querySelector("input[type=search]");
  const selects = [...form.querySelectorAll("select[name]")];
  const status = document.createElement("p");
  status.className = "n";
  status.setAttribute("role", "status");
  form.append(status);

  /* Case and accents put aside: who looks for "cafe" means "Café" as well. */
  function fold(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ");
  }

  /* `data-segments` and `data-codes` hold several values, separated by ";". A code is written
     `group:code`, and its group alone finds it as well. */
  function holds(figure, name, value) {
    const found = figure.dataset[name] ?? figure.dataset[`${name}s`] ?? "";
    const values = found.split(";").map((one) => one.trim());
    return values.some((one) => one === value || one.startsWith(`${value}:`));
  }

  /* Who is of no known segment may be of the chosen one as well: that is said, not dropped. */
  function describeUntold(select, others) {
    const untold = `${select.value.split("=")[0]}=`;
    if (select.value === untold) return "";
    const n = quotes.filter((quote) => others(quote) && holds(quote.figure, select.name, untold)).length;
    return n ? `; ${n} left out, of people whose ${untold.slice(0, -1)} is not known or not told` : "";
  }

  function filter() {
    const wanted = fold(search?.value ?? "").split(" ").filter(Boolean);
    const chosen = selects.filter((select) => select.value);
    const fits = ({ figure, text }, selects) =>
      wanted.every((word) => text.includes(word)) &&
      selects.every((select) => holds(figure, select.name, select.value));
    let n = 0;
    for (const quote of quotes) {
      quote.shown.hidden = !fits(quote, chosen);
      n += !quote.shown.hidden;
    }
    // A heading over nothing helps nobody.
    for (const group of document.querySelectorAll("[data-quotes]")) {
      group.hidden = quotes.every(({ figure, shown }) => shown.hidden || !group.contains(figure));
    }
    const segment = chosen.find((select) => select.name === "segment");
    const others = chosen.filter((select) => select !== segment);
    const untold = segment ? describeUntold(segment, (quote) => fits(quote, others)) : "";
    status.textContent = `${n} of ${quotes.length} quotes shown${untold}`;
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();
})();
