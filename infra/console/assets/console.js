// What htmx and HTML do not do by themselves: to brush a histogram, to follow, and to fill a text from a picker.
"use strict";

const KEPT_ROWS = 1000; // While following: the page stays this long, however long it is open.

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
    svg.setPointerCapture(event.pointerId);
    from = to = at(event);
    show();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!svg.hasPointerCapture(event.pointerId)) return;
    to = at(event);
    show();
  });
  svg.addEventListener("pointerup", apply);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter" && from !== null) apply();
    if (!step) return;
    event.preventDefault();
    to = to === null ? (step > 0 ? 0 : bars - 1) : Math.min(Math.max(to + step, 0), bars - 1);
    if (!event.shiftKey || from === null) from = to;
    show();
  });
}

function add(list, html) {
  const came = document.createElement("template");
  came.innerHTML = html; // Ours: the server escaped every value in it.
  const rows = [...came.content.children].filter((row) => !document.getElementById(row.id));
  list.prepend(...rows);
  rows.forEach((row) => htmx.process(row));
  while (list.children.length > KEPT_ROWS) htmx.remove(list.lastElementChild);
}

function follow(list) {
  const said = document.getElementById("following");
  const source = new EventSource(list.dataset.follow);
  source.addEventListener("rows", (event) => add(list, event.data));
  source.addEventListener("failed", (event) => {
    source.close();
    said.textContent = event.data;
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) said.textContent = "Following ended. Load the page again.";
  });
}

function prepare(root) {
  root.querySelectorAll("[data-brush]").forEach(brush);
  root.querySelectorAll("[data-follow]").forEach(follow);
  root.querySelectorAll("[data-fills]").forEach((picker) => picker.addEventListener("change", () => {
    document.getElementById(picker.dataset.fills).value = picker.value;
  }));
}

prepare(document);
document.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.target));
