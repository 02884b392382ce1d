// What htmx and HTML do not do by themselves: to brush a histogram, to follow (from when the box is ticked), to say that the
// console is gone, and to fill a text from a picker.
"use strict";

const KEPT_ROWS = 1000; // While following: the page stays this long, however long it is open (following.py, MOST).
const KNOWN_ROWS = 20000; // Those that were shown and are told apart from new ones after a gap.
const LOOK_MS = 1000;
const SLOW_MS = 5000;
const BEAT_MS = 2000;
const PATIENCE_MS = 60000; // A table that is busy or away is asked again for 10 s (consumer.query.table), some times over.
const BEAT_PATIENCE_MS = 5000;
const LOST = "Connection lost: the console does not answer. What you see may be old. Trying again …";
const STARTED_ANEW = "This console was started anew: open the address that it printed, and this page goes on.";
const known = new Set();
let leaving = false;

function submit(form, values) {
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  form.requestSubmit();
}

function brush(svg) {
  const marks = svg.dataset.brush.split(" ");
  const bars = marks.length - 1;
  const shade = svg.querySelector(".brush");
  const output = svg.parentElement.querySelector("output");
  let from = null;
  let to = null;
  let pointer = null;

  const at = (event) => {
    const box = svg.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * bars);
    return Math.min(Math.max(place, 0), bars - 1);
  };
  const show = () => {
    const low = Math.min(from, to);
    const high = Math.max(from, to);
    shade.setAttribute("x", low * 10);
    shade.setAttribute("width", (high - low + 1) * 10);
    output.textContent = svg.querySelectorAll("title")[low].textContent +
      (high > low ? " … " + svg.querySelectorAll("title")[high].textContent : "");
  };
  const apply = () => submit(document.querySelector("form.search"), {
    since: marks[Math.min(from, to)], until: marks[Math.max(from, to) + 1],
  });

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    svg.setPointerCapture(pointer = event.pointerId);
    from = to = at(event);
    show();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!svg.hasPointerCapture(event.pointerId)) return;
    to = at(event);
    show();
  });
  // Whoever holds the button has no focus here.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || from === null || !svg.isConnected) return;
    if (pointer !== null && svg.hasPointerCapture(pointer)) svg.releasePointerCapture(pointer);
    from = to = null;
    shade.setAttribute("width", 0);
    output.textContent = "";
  });
  svg.addEventListener("pointerup", (event) => {
    if (event.button === 0 && svg.hasPointerCapture(event.pointerId)) apply();
  });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -bars, End: bars }[event.key];
    if (event.key === "Enter" && from !== null) apply();
    if (!step) return;
    event.preventDefault();
    const begin = to ?? (step > 0 ? -1 : bars); // Before the first bar or behind the last.
    to = Math.min(Math.max(begin + step, 0), bars - 1);
    if (!event.shiftKey || from === null) from = to;
    show();
  });
}

function add(list, came) {
  const rows = [...came.children].filter((row) => !known.has(row.id));
  rows.forEach((row) => known.add(row.id));
  list.prepend(...rows);
  rows.forEach((row) => htmx.process(row));
  while (list.children.length > KEPT_ROWS) htmx.remove(list.lastElementChild);
  for (const id of known) {
    if (known.size <= KNOWN_ROWS) break;
    known.delete(id); // The oldest first: a Set keeps the order.
  }
}

// The list asks again and again by short requests; each answer says what to ask for next.
async function follow(list) {
  const said = document.getElementById("following");
  let waitMs = LOOK_MS;
  try {
    const answer = await ask(list.dataset.next);
    const part = document.createElement("template");
    part.innerHTML = await answer.text(); // Ours: the server escaped every value in it.
    if (answer.ok) {
      const came = part.content.firstElementChild;
      list.dataset.next = came.dataset.next;
      add(list, came);
      write(said, list.dataset.said);
    } else {
      part.content.querySelector("button")?.remove(); // It is asked again without one.
      write(said, `Not following: ${part.content.textContent.trim()} Trying again …`);
      waitMs = SLOW_MS;
    }
  } catch {
    waitMs = LOOK_MS; // `ask` has said that the connection is lost.
  }
  if (list.isConnected) setTimeout(follow, waitMs, list);
}

// Every request tells whether the console is there, and one is made when none was.
async function ask(address, patienceMs = PATIENCE_MS) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(patienceMs), headers: { "hx-request": "true" } });
    tell(answer.status === 403 ? STARTED_ANEW : "");
    return answer;
  } catch (error) {
    if (!leaving) tell(LOST);
    throw error;
  }
}

function tell(sentence) {
  write(document.getElementById("connection"), sentence);
}

function write(element, sentence) {
  if (element.textContent !== sentence) element.textContent = sentence; // Said once, and not each second.
}

async function beat() {
  await ask("/alive", BEAT_PATIENCE_MS).catch(() => null);
  setTimeout(beat, BEAT_MS);
}

function prepare(root) {
  root.querySelectorAll("[data-brush]").forEach(brush);
  root.querySelectorAll("ol[data-next]").forEach(follow);
  root.querySelectorAll("[data-fills]").forEach((picker) => picker.addEventListener("change", () => {
    document.getElementById(picker.dataset.fills).value = picker.value;
  }));
  root.querySelectorAll("[data-searches]").forEach((box) => {
    box.title = "Begins and ends at once"; // Said before, because the page is loaded anew.
    box.addEventListener("change", () => { if (box.form.elements.tenant.value.trim()) box.form.requestSubmit(); });
  });
}

// What is in a whole log: a field to search for, and the log as JSON for the clipboard.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-field]");
  const fields = document.querySelector("form.search")?.elements.fields;
  if (link && fields && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    submit(fields.form, { fields: `${fields.value} ${link.dataset.field}`.trim() });
  }
  const button = event.target.closest("[data-copies]");
  if (button) {
    const said = button.parentElement.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(await (await ask(button.dataset.copies)).text());
      write(said, "Copied.");
    } catch {
      write(said, "Not copied: the browser or the console refused it.");
    }
  }
});

// Keys as the page's foot tells them; none while something is typed.
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...document.querySelectorAll(".rows summary")];
  const step = { j: 1, k: -1 }[event.key];
  const at = rows.indexOf(document.activeElement);
  // Where none has the focus: the first that is in sight.
  if (step) rows[at < 0 ? rows.findIndex((row) => row.getBoundingClientRect().top >= 0) : Math.max(at + step, 0)]?.focus();
  else if (event.key === "/") document.getElementById("words")?.focus();
  else if (event.key === "?") document.getElementById("keys")?.toggleAttribute("open");
  else return;
  event.preventDefault();
});

addEventListener("pagehide", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
prepare(document);
beat();
document.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.target));
