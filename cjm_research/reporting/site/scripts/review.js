"use strict";
/* Lets a reader answer: marks on quotes and claims, kept in this browser, saved as one file.
   Nothing is sent anywhere. What comes from the page or a file becomes text, never markup. */
(() => {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const study = meta("cjm-study");
  const version = meta("cjm-version");
  const targets = [...document.querySelectorAll("figure.voice[data-quote], [data-claim]")].filter(
    (element) => element instanceof HTMLElement,
  );
  if (!study || !targets.length) return;

  const choices = readChoices();
  const names = new Map(choices.codes.map((one) => [`${one.group}:${one.code}`, one.name]));
  const slot = `cjm-review/${study}/${version}`;
  const kept = canKeep();
  let state = { on: false, reviewer: "", entries: {} };
  state = load();
  let forgetting = false;
  let count = 0;

  /* --- what is marked: one entry per quote or claim, by its key --- */

  function readChoices() {
    const block = document.getElementById("cjm-choices");
    const read = block ? JSON.parse(block.textContent) : {};
    return { stages: read.stages ?? [], codes: read.codes ?? [] };
  }

  function canKeep() {
    try {
      localStorage.setItem("cjm-review", "1");
      localStorage.removeItem("cjm-review");
      return true;
    } catch {
      return false;
    }
  }

  function load() {
    const empty = { on: false, reviewer: "", entries: {} };
    if (!kept) return state;
    try {
      return { ...empty, ...JSON.parse(localStorage.getItem(slot) ?? "{}") };
    } catch {
      return empty;
    }
  }

  /* Another page of the report may have written since: read, change, write. */
  function change(edit) {
    state = load();
    edit(state);
    if (kept) {
      try {
        localStorage.setItem(slot, JSON.stringify(state));
      } catch {
        tell("This browser has no room for more marks: save them as a file.");
      }
    }
    showCount();
  }

  function describe(element) {
    const data = element.dataset;
    if (data.claim !== undefined) {
      const head = element.querySelector("h1, h2, h3, h4, h5, h6") ?? element;
      return { kind: "claim", claim: data.claim, words: plain(data.words ?? head.textContent) };
    }
    const said = element.querySelector(".quote p") ?? element;
    return {
      kind: "quote",
      quote_id: data.quote,
      document: data.document,
      start: Number(data.start),
      end: Number(data.end),
      quote: said.textContent,
      codes: (data.codes ?? "").split(/[;\s]+(?=[^\s:;]+:)/).filter((code) => /^[^:]+:./.test(code)),
      stage: data.stage ?? "",
    };
  }

  /* What the page calls it: a claim is stored under a name that lasts, and shown as V3. In
     report.html ids bear the name of their page. */
  function nameOf(element, what) {
    if (what.kind === "claim") return element.id.replace(/^.*--/, "") || what.claim;
    return what.quote_id || `${what.document}, ${what.start}`;
  }

  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const keyOf = (one) =>
    one.kind === "claim" ? `c|${one.claim}` : `q|${one.document}|${one.start}|${one.end}`;

  const NONE_FITS = "none";

  /* The marks of an entry, as the file has them. A comment goes with the first answer. That no
     code of the codebook fits says that the ones it bears are wrong: to disagree with them. */
  function marksOf(entry) {
    const { verdict, code, instead, other_stage: stage, comment, at, ...what } = entry;
    const unfit = instead === NONE_FITS;
    const marks = [];
    if (verdict && (verdict !== "wrong code" || instead)) {
      const more = what.kind === "claim" ? {} : { code, instead: unfit ? "" : (instead ?? "") };
      marks.push({ ...what, answer: unfit ? "disagree" : verdict, ...more });
    }
    if (stage) marks.push({ ...what, answer: "wrong stage", code: "", instead: stage });
    if (comment && !marks.length) {
      const more = what.kind === "claim" ? {} : { code: "", instead: "" };
      marks.push({ ...what, answer: "comment", ...more });
    }
    return marks.map((mark, place) => ({ ...mark, comment: place ? "" : comment, at }));
  }

  const allMarks = () => Object.values(state.entries).flatMap(marksOf);

  /* --- the controls --- */

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function field(text, control) {
    count += 1;
    control.id = `review-${count}`;
    return make("p", { className: "review-field" }, make("label", { htmlFor: control.id }, text), control);
  }

  function select(name, options, value) {
    const list = make("select", { name });
    let group = null;
    for (const option of options) {
      if (option.group === undefined) group = null;
      else if (group?.label !== option.group) list.append((group = make("optgroup", { label: option.group })));
      (group ?? list).append(make("option", { value: option.value }, option.text));
    }
    list.value = value;
    return list;
  }

  const words = (code) => names.get(code) ?? code.slice(code.indexOf(":") + 1).replaceAll("_", " ");

  /* Codes that may stand instead: those of the quote's own groups first. */
  function codeOptions(what) {
    const own = new Set(what.codes.map((code) => code.split(":")[0]));
    const rank = (one) => (own.has(one.group) ? 0 : 1);
    return choices.codes
      .filter((one) => !what.codes.includes(`${one.group}:${one.code}`))
      .sort((a, b) => rank(a) - rank(b) || (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
      .map((one) => ({
        value: `${one.group}:${one.code}`, text: one.name, group: one.group.replaceAll("_", " "),
      }));
  }

  function verdicts(what) {
    if (what.kind === "claim") return ["agree", "disagree"];
    const judged = what.codes.length || what.stage ? ["agree", "disagree"] : [];
    return choices.codes.length ? [...judged, "wrong code"] : judged;
  }

  function form(what, name, summary) {
    const entry = state.entries[keyOf(what)] ?? {};
    const set = make("fieldset", {}, make("legend", {}, legend(what, name)));
    count += 1;
    const group = `review-${count}`;
    for (const answer of ["", ...verdicts(what)]) {
      const radio = make("input", {
        type: "radio", name: group, value: answer, checked: (entry.verdict ?? "") === answer,
      });
      set.append(make("label", { className: "review-answer" }, radio, answer || "no answer"));
    }
    const fields = {};
    if (what.kind === "quote") {
      if (what.codes.length > 1) {
        const meant = what.codes.map((code) => ({ value: code, text: words(code) }));
        fields.code = select("code", [{ value: "", text: "all of them" }, ...meant], entry.code ?? "");
        set.append(field("Which code is meant", fields.code));
      }
      if (choices.codes.length) {
        const unfit = what.codes.length ? [{ value: NONE_FITS, text: "none of these codes fits" }] : [];
        const right = [{ value: "", text: "choose" }, ...unfit, ...codeOptions(what)];
        fields.instead = select("instead", right, entry.instead ?? "");
        set.append(field("The right code", fields.instead));
      }
      if (choices.stages.length) {
        const others = choices.stages.filter((one) => one.id !== what.stage);
        const options = others.map((one) => ({ value: one.id, text: one.name }));
        const none = { value: "", text: "no answer" };
        fields.other_stage = select("stage", [none, ...options], entry.other_stage ?? "");
        set.append(field("Wrong stage; it belongs to", fields.other_stage));
      }
    }
    fields.comment = make("textarea", { name: "comment", rows: 2, maxLength: 4000, value: entry.comment ?? "" });
    set.append(field("Comment (name nobody)", fields.comment));

    const collect = () => {
      const verdict = set.querySelector("input:checked")?.value ?? "";
      const next = { ...what, verdict, at: new Date().toISOString() };
      for (const [name, control] of Object.entries(fields)) next[name] = control.value;
      if (verdict !== "wrong code") delete next.instead;
      next.code ??= "";
      next.comment = next.comment.trim();
      if (fields.instead) fields.instead.closest("p").hidden = verdict !== "wrong code";
      return next;
    };
    const keep = (event) => {
      const next = collect();
      change((to) => {
        if (next.verdict || next.other_stage || next.comment) to.entries[keyOf(what)] = next;
        else delete to.entries[keyOf(what)];
      });
      label(summary, what, name);
      if (event.type !== "change") return;
      const missing = next.verdict === "wrong code" && !next.instead;
      tell(missing ? "Choose the right code as well." : `Kept: ${said(what) || "no answer"}.`);
    };
    collect();
    set.addEventListener("input", keep);
    set.addEventListener("change", keep);
    return set;
  }

  const legend = (what, name) =>
    what.kind === "claim"
      ? `Claim ${name}`
      : `Quote ${name}${what.codes.length ? `, coded ${what.codes.map(words).join(", ")}` : ""}`;

  function said(what) {
    const entry = state.entries[keyOf(what)] ?? {};
    const answers = marksOf(entry).map((mark) => mark.answer);
    if (entry.instead === NONE_FITS) answers[0] = "no code fits";
    return answers.join(", ");
  }

  function label(summary, what, name) {
    const hidden = make("span", { className: "hidden" }, ` (${name})`);
    summary.replaceChildren(said(what) ? `Your answer: ${said(what)}` : "Answer", hidden);
  }

  function control(element) {
    const what = describe(element);
    const name = nameOf(element, what);
    const summary = make("summary");
    label(summary, what, name);
    const details = make("details", { className: "review" }, summary);
    details.addEventListener("toggle", () => {
      details.querySelector("fieldset")?.remove();
      if (details.open) details.append(form(what, name, summary));
    });
    if (element.matches("tr")) (element.lastElementChild ?? element).append(details);
    else if (element.matches("p, h1, h2, h3, h4, h5, h6")) element.after(details);
    else element.append(details);
  }

  /* A reader who never comes to the end of the page does not know that there is anything to do. */
  const way = make("p", { className: "review-way n" }, make("a", { href: "#review-bar" }, "Review this report"));

  function showControls() {
    document.querySelectorAll("details.review").forEach((one) => one.remove());
    if (state.on) targets.forEach(control);
  }

  /* --- the bar --- */

  const status = make("p", { className: "review-status", role: "status", "aria-live": "polite" });
  const number = make("span", { className: "review-count" });
  const reviewer = make("input", { type: "text", autocomplete: "name", maxLength: 80 });
  const begin = button("Review this report", () => turn(true));
  const file = make("input", { type: "file", accept: ".json,application/json", className: "hidden", tabIndex: -1, "aria-hidden": "true" });
  const forget = button("Forget", forgetAll);
  const work = make(
    "div",
    { className: "review-work" },
    field("Your name", reviewer),
    number,
    button("Save as file", save),
    button("Load file", () => file.click()),
    file,
    forget,
    button("Stop reviewing", () => turn(false)),
    make(
      "p",
      { className: "n" },
      kept
        ? "Marks stay in this browser until you forget them. Save them as a file to send them."
        : "This browser keeps no marks: save them as a file before you leave this page.",
    ),
  );
  const bar = make("section", { id: "review-bar", className: "review-bar", role: "region", "aria-label": "Your review" }, begin, work, status);

  function button(text, press) {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", press);
    return made;
  }

  function tell(text) {
    status.textContent = text;
  }

  function showCount() {
    const n = allMarks().length;
    number.textContent = n === 1 ? "1 mark" : `${n} marks`;
  }

  function show() {
    begin.hidden = state.on;
    way.hidden = state.on;
    work.hidden = !state.on;
    bar.classList.toggle("on", state.on);
    if (document.activeElement !== reviewer) reviewer.value = state.reviewer;
    showCount();
    showControls();
    keepClear();
  }

  /* What has the focus must not lie behind the bar. */
  function keepClear() {
    const covers = getComputedStyle(bar).position === "sticky";
    document.documentElement.style.scrollPaddingBottom = covers ? `${bar.offsetHeight + 8}px` : "";
  }

  function turn(on) {
    change((to) => (to.on = on));
    show();
    (on ? reviewer : begin).focus();
    tell(on ? "Under each claim and quote there is a place for your answer now." : "");
  }

  function save() {
    state = load();
    if (!state.reviewer) {
      reviewer.focus();
      return tell("Write your name first.");
    }
    const marks = allMarks();
    if (!marks.length) return tell("There is nothing to save yet.");
    const content = {
      format: "cjm-review", format_version: 1, study, version,
      reviewer: state.reviewer, saved_at: new Date().toISOString(), marks,
    };
    const blob = new Blob([JSON.stringify(content, null, 1)], { type: "application/json" });
    const link = make("a", {
      href: URL.createObjectURL(blob),
      download: `review-${study}-${version}.json`.replace(/[^\w.-]+/g, "_"),
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    tell(`Saved ${number.textContent} as ${link.download}. Send that file to the researcher.`);
  }

  /* The programs that import a file check it strictly; here it is only read back. */
  function entriesOf(content) {
    if (content?.format !== "cjm-review" || content.format_version !== 1) throw new Error("it is no file of marks");
    if (content.study !== study) throw new Error("it belongs to another study");
    const entries = {};
    for (const mark of content.marks) {
      const { answer, instead, comment, at, code, ...what } = mark;
      const key = keyOf(what);
      const entry = (entries[key] ??= { ...what, verdict: "", code: "", comment: "", at });
      if (answer === "wrong stage") entry.other_stage = instead;
      else if (answer !== "comment") Object.assign(entry, { verdict: answer, code: code ?? "" });
      if (answer === "wrong code") entry.instead = instead;
      entry.comment ||= comment ?? "";
    }
    return entries;
  }

  file.addEventListener("change", async () => {
    try {
      const content = JSON.parse(await file.files[0].text());
      const entries = entriesOf(content);
      change((to) => {
        to.reviewer ||= String(content.reviewer ?? "");
        for (const [key, entry] of Object.entries(entries)) {
          if (!(to.entries[key]?.at > entry.at)) to.entries[key] = entry;
        }
      });
      show();
      const other = content.version === version ? "" : " It was made in another version of the report.";
      tell(`Loaded. You have ${number.textContent}.${other}`);
    } catch (error) {
      tell(`This file cannot be read: ${error instanceof SyntaxError ? "it is no JSON" : error.message}.`);
    }
    file.value = "";
  });

  function forgetAll() {
    if (!forgetting) {
      forgetting = true;
      forget.textContent = `Forget ${number.textContent}?`;
      return tell("Press again to forget all marks in this browser.");
    }
    change((to) => (to.entries = {}));
    letForgetGo();
    show();
    tell("All marks are forgotten.");
  }

  function letForgetGo() {
    forgetting = false;
    forget.textContent = "Forget";
  }

  forget.addEventListener("blur", letForgetGo);
  reviewer.addEventListener("input", () => change((to) => (to.reviewer = reviewer.value.trim())));
  addEventListener("storage", (event) => {
    if (event.key !== slot) return;
    state = load();
    showCount();
  });
  document.body.append(bar);
  document.querySelector("header.opening")?.append(way);
  new ResizeObserver(keepClear).observe(bar);
  show();
})();
