// The view of CodingWidget. The kernel holds the truth: every save and move is asked of it, and
// what comes back is drawn. What participants said is only ever set as text.

const LETTERS = "abcdefghijklopqrstvwxyz"; // without m, n and u, which are keys of their own
const PATIENCE_MS = 5000;
const NONE = "none";

const KEYS = [
  ["1 – 9", "choose a group"],
  ["↑ ↓", "group before, after"],
  ["a – z", "give or take back a code"],
  ["/", "find a code, or add one"],
  ["1 – 4", "severity, after a pain point"],
  ["0 or n", "nothing of this group applies"],
  ["N", "nothing of all groups still open"],
  ["Enter", "save and go on"],
  ["← →", "excerpt before, after"],
  ["Shift →", "next excerpt that is not finished"],
  ["m", "memo; Esc leaves it"],
  ["u", "undo"],
  ["?", "show or hide the keys"],
];

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const key = (label) => make("kbd", { "aria-hidden": "true" }, label);
const copy = (value) => JSON.parse(JSON.stringify(value));
const slug = (name) =>
  name.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "");

/** Equal whatever the order in which codes were chosen. */
function same(one, other) {
  const told = (answer) =>
    JSON.stringify([
      answer.note.trim(),
      Object.entries(answer.codes)
        .filter(([, codes]) => Object.keys(codes).length)
        .map(([group, codes]) => [group, Object.entries(codes).sort()])
        .sort(),
    ]);
  return told(one) === told(other);
}

function render({ model, el }) {
  let setting = model.get("setting");
  let screen = model.get("screen");
  let answer = { codes: {}, note: "" };
  let active = 0; // place of the group at hand
  let weighing = ""; // pain point whose severity the next digit says
  let shown = ""; // excerpt that is drawn
  let waiting = 0; // number of the request that has no answer yet
  let number = Math.floor(Math.random() * 1e9); // two views of one model must not take each other's
  let timer = 0;
  let typedAhead = [];
  let views = []; // per group: tab, panel, chips
  // Written here and only sent to the kernel, whose echo of an older state must not win.
  const drafts = copy(model.get("drafts"));
  const added = {}; // codes of one's own that no sheet holds yet, by group

  // ---- the parts of the page -------------------------------------------------------------
  const uid = `cjm-${Math.random().toString(36).slice(2, 8)}`;
  const root = make("div", {
    class: "cjm-coding",
    tabindex: "0",
    role: "group",
    "aria-label": "Code excerpts by hand. Press question mark for the keys.",
    "data-lm-suppress-shortcuts": "true",
    "lm-suppress-shortcuts": "true",
  });
  const who = make("p", { class: "who" });
  const count = make("p", { class: "count" });
  const fill = make("span", { class: "fill" });
  const partial = make("span", { class: "partial" });
  const here = make("span", { class: "here" });
  const bar = make("div", { class: "bar", role: "progressbar", "aria-label": "Coded excerpts",
    "aria-valuemin": "0" }, partial, fill, here);
  const keysButton = button("keys-button", () => toggleKeys(), key("?"), "Keys");
  keysButton.setAttribute("aria-expanded", "false");
  keysButton.setAttribute("aria-controls", `${uid}-keys`);
  const keys = make("section", { class: "keys", id: `${uid}-keys`, "aria-label": "Keys", hidden: true },
    make("dl", {}, ...KEYS.map(([name, what]) =>
      make("div", {}, make("dt", {}, ...name.split(" ").map((part) =>
        ["–", "or"].includes(part) ? ` ${part} ` : make("kbd", {}, part))), make("dd", {}, what)))));
  const where = make("p", { class: "where" });
  const question = make("p", { class: "question" });
  const before = make("p", { class: "around before" });
  const said = make("blockquote", { class: "said" });
  const after = make("p", { class: "around after" });
  const reading = make("article", { class: "reading", "aria-label": "Excerpt" },
    where, question, before, said, after);
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-orientation": "vertical",
    "aria-label": "Code groups" });
  const panels = make("div", { class: "panels" });
  const desk = make("div", { class: "desk" }, tabs, panels);
  const memo = make("textarea", { id: `${uid}-memo`, rows: "1", placeholder: "What struck you?" });
  const memoRow = make("div", { class: "memo" },
    make("label", { for: `${uid}-memo` }, key("m"), "Memo"), memo);
  const back = button("plain", () => ask("go", { move: "previous" }), key("←"), "Before");
  const next = button("plain", () => ask("go", { move: "next" }), key("→"), "After");
  const save = button("save", () => saveAndGo(), "Save and next", key("↵"));
  const undo = button("plain", () => takeBack(), key("u"), "Undo");
  const status = make("p", { class: "status", role: "status", "aria-live": "polite" });
  const announce = make("p", { class: "hidden", "aria-live": "polite" });
  const foot = make("footer", {}, save, back, next, undo, status);
  const asleep = make("p", { class: "asleep" }, "Click here, or move in with Tab, to use the keys.");
  root.append(
    make("header", {}, who, count, keysButton), bar, keys, reading, desk, memoRow, foot, asleep,
    announce);
  el.append(root);

  function button(kind, act, ...children) {
    const node = make("button", { type: "button", class: kind }, ...children);
    node.addEventListener("click", (event) => {
      if (waiting) return;
      act();
      // A click with the mouse (detail > 0) gives the keys back to the widget, so that Enter saves.
      if (event.detail > 0 && document.activeElement !== memo && !isFinder(document.activeElement)) {
        root.focus({ preventScroll: true });
      }
    });
    return node;
  }

  const isFinder = (node) => Boolean(node?.classList?.contains("finder"));
  const isTyping = (node) => node === memo || isFinder(node);
  const group = () => setting.groups[active];
  const chosen = (name = group().group) => answer.codes[name] ?? {};
  const codesOf = (one) => {
    const known = new Set(one.codes.map((code) => code.code));
    const own = Object.entries(added[one.group] ?? {}).filter(([code]) => !known.has(code));
    return [...one.codes, ...own.map(([code, name]) => ({ code, name, definition: "" }))];
  };
  const nameOf = (one, code) =>
    code === NONE ? "nothing applies"
      : codesOf(one).find((choice) => choice.code === code)?.name ?? code;

  // ---- groups and their codes ------------------------------------------------------------
  function buildGroups() {
    tabs.replaceChildren();
    panels.replaceChildren();
    views = setting.groups.map((one, place) => buildGroup(one, place));
  }

  function buildGroup(one, place) {
    const told = make("span", { class: "told" });
    const tab = button("tab", () => chooseGroup(place), key(place < 9 ? String(place + 1) : ""),
      make("span", { class: "tab-name" }, one.name), told);
    tab.setAttribute("role", "tab");
    tab.id = `${uid}-tab-${place}`;
    tab.setAttribute("aria-controls", `${uid}-panel-${place}`);
    tabs.append(tab);

    const finder = make("input", { class: "finder", type: "text", "aria-label": `Find a code of ${one.name}`,
      placeholder: one.extensible ? "Find or add a code" : "Find a code", autocomplete: "off",
      spellcheck: "false" });
    const none = button("chip none", () => toggleNone(place), key("0"), "Nothing of this applies");
    const chips = make("div", { class: "chips", role: "group", "aria-label": one.name });
    const add = button("chip add", () => addOwn(place, finder.value), key("↵"),
      make("span", {}, "Add “", make("b"), "”"));
    add.hidden = true;
    const weights = make("div", { class: "weights" });
    const meaning = make("p", { class: "meaning" });
    const panel = make("div", { class: "panel", role: "tabpanel", id: `${uid}-panel-${place}`,
      "aria-labelledby": tab.id },
      make("div", { class: "panel-head" }, make("label", { class: "find" }, key("/"), finder), none),
      chips, weights, meaning);
    panels.append(panel);
    const view = { one, tab, told, panel, finder, none, chips, add, weights, meaning, buttons: new Map() };
    codesOf(one).forEach((code, at) => addChip(view, place, code, at));
    chips.append(add);
    finder.addEventListener("input", () => filterChips(view));
    return view;
  }

  function addChip(view, place, code, at) {
    const letter = LETTERS[at] ?? "";
    const tag = make("span", { class: "proposed", hidden: true }, "proposed");
    const chip = button("chip", () => toggle(place, code.code), letter ? key(letter) : null,
      make("span", {}, code.name), tag);
    chip.dataset.code = code.code;
    if (letter) chip.setAttribute("aria-keyshortcuts", letter);
    if (code.definition) chip.title = code.definition;
    const tell = () => { view.meaning.textContent = code.definition; };
    chip.addEventListener("pointerenter", tell);
    chip.addEventListener("focus", tell);
    view.buttons.set(code.code, { chip, tag, code, letter });
    view.chips.insertBefore(chip, view.add.parentNode ? view.add : null);
  }

  function filterChips(view) {
    const wanted = view.finder.value.trim().toLowerCase();
    let first = null;
    let exact = false;
    for (const { chip, code } of view.buttons.values()) {
      const fits = !wanted || code.name.toLowerCase().includes(wanted) || code.code.includes(slug(wanted));
      chip.hidden = !fits;
      chip.classList.remove("first");
      if (fits && wanted && !first) first = chip;
      exact ||= code.name.toLowerCase() === wanted || code.code === slug(wanted);
    }
    first?.classList.add("first");
    view.add.hidden = !(view.one.extensible && slug(wanted) && !exact && slug(wanted) !== NONE);
    view.add.querySelector("b").textContent = view.finder.value.trim();
    view.add.querySelector("kbd").hidden = Boolean(first);
    return first;
  }

  function leaveFinder() {
    const view = views[active];
    view.finder.value = "";
    filterChips(view);
    root.focus({ preventScroll: true });
  }

  // ---- what the researcher does ----------------------------------------------------------
  function chooseGroup(place) {
    active = Math.min(Math.max(place, 0), setting.groups.length - 1);
    weighing = "";
    draw();
  }

  function toggle(place, code) {
    active = place;
    const one = group();
    const codes = { ...chosen() };
    weighing = "";
    let on = !(code in codes);
    delete codes[NONE];
    if (!on) {
      delete codes[code];
    } else {
      if (one.single) for (const other of Object.keys(codes)) delete codes[other];
      codes[code] = screen.item.proposed?.[one.group]?.[code] ?? 0;
      if (one.severity) weighing = code;
    }
    if (!one.severity && on) codes[code] = 0;
    views[place].meaning.textContent = codesOf(one).find((choice) => choice.code === code)?.definition ?? "";
    setCodes(one.group, codes);
    if (one.single && on) active = Math.min(active + 1, setting.groups.length - 1);
    draw();
  }

  function toggleNone(place) {
    active = place;
    const name = group().group;
    const on = !(NONE in chosen());
    setCodes(name, on ? { [NONE]: 0 } : {});
    weighing = "";
    if (on) active = Math.min(active + 1, setting.groups.length - 1);
    draw();
  }

  function noneOfTheRest() {
    for (const one of setting.groups) {
      if (!Object.keys(chosen(one.group)).length) setCodes(one.group, { [NONE]: 0 });
    }
    weighing = "";
    draw();
  }

  function weigh(code, value) {
    const codes = { ...chosen() };
    codes[code] = codes[code] === value ? 0 : value;
    weighing = "";
    setCodes(group().group, codes);
    draw();
  }

  function addOwn(place, name) {
    const code = slug(name);
    const one = setting.groups[place];
    if (!code || !one.extensible) return;
    const view = views[place];
    if (!view.buttons.has(code)) {
      (added[one.group] ??= {})[code] = name.trim();
      addChip(view, place, { code, name: name.trim(), definition: "" }, view.buttons.size);
    }
    active = place;
    leaveFinder();
    if (!(code in chosen(one.group))) toggle(place, code);
  }

  function setCodes(name, codes) {
    answer.codes[name] = codes;
    keepDraft();
  }

  function keepDraft() {
    if (same(answer, screen.item.saved)) delete drafts[shown];
    else drafts[shown] = { ...copy(answer), added: copy(added) };
    sendDrafts();
  }

  function sendDrafts() {
    model.set("drafts", copy(drafts));
    model.save_changes();
  }

  const isDraft = () => shown in drafts;

  function saveAndGo() {
    if (!screen.item.excerpt_id) return;
    if (!isDraft()) {
      if (screen.at === screen.n - 1) say("info", "This is the last excerpt.");
      else ask("go", { move: "next" });
      return;
    }
    say("busy", "Saving …");
    ask("save", { excerpt_id: shown, answer: copy(answer), move: "next" });
  }

  function takeBack() {
    if (!isDraft()) {
      ask("undo", {});
      return;
    }
    answer = copy(screen.item.saved);
    weighing = "";
    keepDraft();
    memo.value = answer.note;
    say("info", "What was not saved yet is taken back.");
    draw();
  }

  function toggleKeys(open = keys.hidden) {
    keys.hidden = !open;
    keysButton.setAttribute("aria-expanded", String(open));
  }

  // ---- the kernel ------------------------------------------------------------------------
  function ask(what, more) {
    if (waiting) return;
    waiting = ++number;
    setBusy(true);
    timer = setTimeout(() => {
      waiting = 0;
      typedAhead = [];
      setBusy(false);
      say("error", "No answer from the kernel yet. It may be busy, or it has stopped: then run the cell "
        + "again. What you chose here is kept until then, and is not saved yet.");
    }, PATIENCE_MS);
    try {
      model.send({ do: what, number: waiting, ...more });
    } catch (error) {
      clearTimeout(timer);
      waiting = 0;
      setBusy(false);
      say("error", `Not saved: the kernel cannot be reached (${error.message}). Run the cell again.`);
    }
  }

  function setBusy(busy) {
    root.setAttribute("aria-busy", String(busy));
    memo.readOnly = busy;
  }

  function receive() {
    screen = model.get("screen");
    const { kind, text, reply } = screen.status;
    const mine = reply && reply === waiting;
    if (mine) {
      clearTimeout(timer);
      waiting = 0;
      setBusy(false);
    }
    if (kind !== "error") forgetSaved();
    take();
    if (text || mine) say(kind, text);
    if (kind === "error") typedAhead = [];
    while (typedAhead.length && !waiting) retype(typedAhead.shift());
  }

  function retype(stroke) {
    const node = document.activeElement;
    if (!isTyping(node)) press(stroke);
    else if (stroke.name === "Escape") root.focus({ preventScroll: true });
    else if (stroke.name.length === 1) {
      node.value += stroke.name;
      node.dispatchEvent(new Event("input"));
    }
  }

  /** A draft that the file now holds is none any more. */
  function forgetSaved() {
    const { saved_id: id } = screen;
    if (!id || !(id in drafts)) return;
    delete drafts[id];
    sendDrafts();
  }

  function take() {
    const item = screen.item;
    if (!item.excerpt_id) {
      draw();
      return;
    }
    const draft = drafts[item.excerpt_id];
    if (item.excerpt_id !== shown) {
      shown = item.excerpt_id;
      active = 0;
      weighing = "";
      status.textContent = "";
      for (const view of views) {
        view.meaning.textContent = "";
        view.finder.value = "";
        filterChips(view);
      }
      announce.textContent = `Excerpt ${screen.at + 1} of ${screen.n}. ${item.question} ${item.text}`;
      reading.classList.remove("fresh");
      requestAnimationFrame(() => reading.classList.add("fresh"));
    }
    answer = copy(draft ?? item.saved);
    delete answer.added;
    for (const [name, codes] of Object.entries(draft?.added ?? {})) {
      Object.assign((added[name] ??= {}), codes);
      setting.groups.forEach((one, place) => {
        if (one.group !== name) return;
        for (const code of codesOf(one)) {
          if (!views[place].buttons.has(code.code)) {
            addChip(views[place], place, code, views[place].buttons.size);
          }
        }
      });
    }
    if (memo.value !== answer.note) memo.value = answer.note;
    draw();
  }

  function say(kind, text) {
    status.className = `status ${kind}`;
    status.textContent = text;
  }

  // ---- drawing ---------------------------------------------------------------------------
  function draw() {
    const { item, n } = screen;
    root.classList.toggle("empty", !n);
    who.replaceChildren("Coding as ", make("b", {}, setting.coder),
      make("span", { class: "mode" }, setting.blind ? "blind" : "with proposals"));
    const open = Object.keys(drafts).length;
    count.textContent = n
      ? `Excerpt ${screen.at + 1} of ${n}  ·  ${screen.n_complete} finished`
        + (screen.n_coded > screen.n_complete ? `, ${screen.n_coded - screen.n_complete} in part` : "")
        + (screen.n_complete === n ? " – all of them" : "")
        + (open ? `  ·  ${open} not saved` : "")
      : "";
    bar.setAttribute("aria-valuemax", String(n));
    bar.setAttribute("aria-valuenow", String(screen.n_complete));
    fill.style.width = `${(100 * screen.n_complete) / Math.max(n, 1)}%`;
    partial.style.width = `${(100 * screen.n_coded) / Math.max(n, 1)}%`;
    here.style.left = `${(100 * (screen.at + 0.5)) / Math.max(n, 1)}%`;
    if (!n) {
      said.textContent = "There is nothing to code: no participant or observer speaks in these excerpts.";
      return;
    }
    where.replaceChildren(
      ...[item.alias, item.source, item.kind, item.heading].filter(Boolean)
        .map((text, at) => make(at ? "span" : "b", {}, text)),
      item.stage ? make("span", { class: "stage" }, `Stage so far: ${item.stage}`) : "");
    question.textContent = item.question;
    question.hidden = !item.question;
    before.textContent = item.before.join(" ");
    before.hidden = !item.before.length;
    said.textContent = item.text;
    after.textContent = item.after.join(" ");
    after.hidden = !item.after.length;
    views.forEach((view, place) => drawGroup(view, place));
    const draft = isDraft();
    save.classList.toggle("ready", draft);
    root.classList.toggle("draft", draft);
    root.classList.toggle("weighing", Boolean(weighing));
    back.disabled = screen.at === 0;
    next.disabled = screen.at === n - 1;
  }

  function drawGroup(view, place) {
    const { one } = view;
    const at = place === active;
    const codes = chosen(one.group);
    const names = Object.keys(codes);
    view.tab.setAttribute("aria-selected", String(at));
    view.tab.tabIndex = at ? 0 : -1;
    view.panel.classList.toggle("active", at);
    view.panel.inert = !at;
    view.told.textContent = names
      .map((code) => nameOf(one, code) + (codes[code] ? ` (${codes[code]})` : "")).join(", ");
    view.tab.title = view.told.textContent;
    view.tab.classList.toggle("is-none", NONE in codes);
    view.none.setAttribute("aria-pressed", String(NONE in codes));
    const proposed = screen.item.proposed?.[one.group] ?? {};
    for (const { chip, tag, code } of view.buttons.values()) {
      chip.setAttribute("aria-pressed", String(code.code in codes));
      tag.hidden = !(code.code in proposed);
      chip.classList.toggle("is-proposed", code.code in proposed);
    }
    view.weights.replaceChildren(...(one.severity ? names : [])
      .filter((code) => code !== NONE).map((code) => drawWeight(one, code, codes[code])));
  }

  function drawWeight(one, code, value) {
    const asked = code === weighing;
    const name = nameOf(one, code);
    return make("div", { class: asked ? "weight asked" : "weight", role: "group",
      "aria-label": `How bad: ${name}` },
      make("span", { class: "weight-name" }, asked ? "How bad? " : "", make("b", {}, name)),
      make("span", { class: "scale" }, ...setting.severities.map((one_) => {
        const step = button("step", () => weigh(code, one_.value), key(String(one_.value)), one_.name);
        step.setAttribute("aria-pressed", String(one_.value === value));
        step.setAttribute("aria-label", `${one_.value}, ${one_.name}`);
        return step;
      })));
  }

  // ---- keys ------------------------------------------------------------------------------
  function press({ name, code, shift }) {
    const digit = /^[0-9]$/.test(name) ? name : /^Digit[0-9]$/.test(code) && !shift
      && !/^[a-z]$/i.test(name) ? code.slice(5) : "";
    const letter = name.length === 1 && !shift ? name.toLowerCase() : "";
    if (name === "?") toggleKeys();
    else if (name === "Escape") escape();
    else if (name === "Enter") saveAndGo();
    else if (name === "ArrowRight" && shift) ask("go", { move: "next_open" });
    else if (name === "ArrowRight") ask("go", { move: "next" });
    else if (name === "ArrowLeft") ask("go", { move: "previous" });
    else if (name === "ArrowDown") chooseGroup(active + 1);
    else if (name === "ArrowUp") chooseGroup(active - 1);
    else if (!screen.n) return false;
    else if (name === "/") views[active].finder.focus();
    else if (name === "N" && shift) noneOfTheRest();
    else if (digit === "0" || letter === "n") toggleNone(active);
    else if (digit && weighing && setting.severities.some((one) => String(one.value) === digit)) {
      weigh(weighing, Number(digit));
    } else if (digit) {
      if (Number(digit) > setting.groups.length) return false;
      chooseGroup(Number(digit) - 1);
    } else if (letter === "m") memo.focus();
    else if (letter === "u") takeBack();
    else if (letter) {
      const hit = [...views[active].buttons.values()].find((one) => one.letter === letter);
      if (!hit) return false;
      toggle(active, hit.code.code);
    } else return false;
    return true;
  }

  function escape() {
    if (!keys.hidden) toggleKeys(false);
    weighing = "";
    draw();
  }

  function onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const command = event.ctrlKey || event.metaKey || event.altKey;
    const typing = isTyping(event.target);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (isFinder(event.target)) leaveFinder();
      else root.focus({ preventScroll: true });
      saveAndGo();
      return;
    }
    if (command) return;
    if (typing) {
      typeKey(event);
      return;
    }
    const onButton = event.target.closest?.("button");
    // A button that was reached with Tab is pressed by Enter and Space, as everywhere.
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    if (event.key === "Tab") return;
    const stroke = { name: event.key, code: event.code, shift: event.shiftKey };
    if (waiting) {
      // Typed before the kernel has answered: it belongs to what comes next.
      typedAhead.push(stroke);
      event.preventDefault();
      return;
    }
    if (press(stroke)) {
      event.preventDefault();
      if (onButton?.getAttribute("role") === "tab") views[active].tab.focus({ preventScroll: true });
    }
  }

  function typeKey(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      if (isFinder(event.target)) leaveFinder();
      else root.focus({ preventScroll: true });
    } else if (event.key === "Enter" && isFinder(event.target)) {
      event.preventDefault();
      const view = views[active];
      const first = filterChips(view);
      if (first) {
        const { code } = first.dataset;
        leaveFinder();
        toggle(active, code);
      } else if (!view.add.hidden) addOwn(active, view.finder.value);
    }
  }

  root.addEventListener("keydown", onKey);
  for (const kind of ["keyup", "keypress"]) root.addEventListener(kind, (event) => event.stopPropagation());
  memo.addEventListener("input", () => {
    answer.note = memo.value;
    keepDraft();
    draw();
  });

  // ---- begin -----------------------------------------------------------------------------
  const resetSetting = () => {
    setting = model.get("setting");
    buildGroups();
    if (shown) draw();
  };
  buildGroups();
  take();
  if (screen.status.text) say(screen.status.kind, screen.status.text);
  model.on("change:setting", resetSetting);
  model.on("change:screen", receive);
  return () => {
    clearTimeout(timer);
    model.off("change:setting", resetSetting);
    model.off("change:screen", receive);
  };
}

export default { render };
