// A part of a page that did not come is asked for again by its button: the console was gone, or started anew. What the
// server could not read has such a button from the server (failures.py). And a change is sent once.
"use strict";

function offerAgain({ target, pathInfo, requestConfig }) {
  const asking = requestConfig.elt;
  if (asking.getAttribute("hx-trigger")?.includes("every")) return; // It asks by itself.
  const button = document.createElement("button");
  button.textContent = "Try again";
  const told = { "hx-get": pathInfo.requestPath, "hx-target": "closest p", "hx-swap": "outerHTML" };
  for (const [name, value] of Object.entries(told)) button.setAttribute(name, value);
  const part = document.createElement("p");
  part.className = "problem";
  part.setAttribute("role", "alert");
  part.append("The console did not answer this. ", button);
  if (asking.getAttribute("hx-swap") === "outerHTML") target.replaceWith(part);
  else target.replaceChildren(part);
  htmx.process(part);
}

document.addEventListener("htmx:sendError", (event) => offerAgain(event.detail));
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 403) return; // The token is that of an earlier start: the page's head says so.
  event.preventDefault();
  offerAgain(event.detail);
});

// The second of two clicks would be told that it was done already, and not what the first did.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));
