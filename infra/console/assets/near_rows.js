// The virtual list: of all rows that were loaded, only those near the window are in the page. A space above and a space
// below are as high as the others, so that the page lays out and paints no more with 10,000 rows than with 200.
"use strict";

// In windows' heights: rows that are kept above and below the window, and how far it is scrolled between two changes.
// What is left between the two is what a fast wheel passes before we are called. Few and larger changes cost less: each
// makes the browser go through all that is in the page.
const SPARE = 1.5;
const STEP = 0.75;

function keepNear(holder) {
  const [above, below] = ["div", "div"].map((name) => document.createElement(name));
  const lists = []; // Every `ol` that came, in order.
  const heights = new Map();
  let placedAt = null;

  const sum = (some) => some.reduce((height, list) => height + heights.get(list), 0);

  const place = () => {
    placedAt = scrollY;
    // Again and again: an opened row makes its list higher.
    for (const list of lists) if (list.isConnected) heights.set(list, list.getBoundingClientRect().height);
    const low = -SPARE * innerHeight - holder.getBoundingClientRect().top;
    const high = low + (1 + 2 * SPARE) * innerHeight;
    let top = 0;
    const near = lists.filter((list) => {
      const begin = top;
      top += heights.get(list);
      return top > low && begin < high;
    });
    const first = near.length ? lists.indexOf(near[0]) : 0;
    above.style.height = `${sum(lists.slice(0, first))}px`;
    below.style.height = `${sum(lists.slice(first + near.length))}px`;
    for (const list of lists) if (list.isConnected && !near.includes(list)) list.remove();
    let next = below;
    for (const list of near.reverse()) {
      if (!list.isConnected) next.before(list);
      next = list;
    }
  };

  // Lists come at the end of the holder, with what asks for the next.
  const take = () => {
    for (const list of holder.querySelectorAll(":scope > ol")) {
      if (heights.has(list)) continue;
      lists.push(list);
      heights.set(list, 0);
      below.before(list);
    }
    holder.dataset.loaded = lists.reduce((rows, list) => rows + list.children.length, 0);
    place();
  };

  holder.prepend(above);
  holder.querySelector(":scope > p").before(below);
  take();
  holder.addEventListener("htmx:afterSwap", take);
  addEventListener("scroll", () => { if (Math.abs(scrollY - placedAt) > STEP * innerHeight) place(); }, { passive: true });
  addEventListener("resize", place);
}

const loadedRows = document.querySelector("div#rows");
if (loadedRows) keepNear(loadedRows);
