
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("drawing"), svg = main.querySelector("svg");
const aside = document.getElementById("details"), overview = [...aside.childNodes];
const find = document.getElementById("find"), found = document.getElementById("found");
const title = (g) => g.querySelector("title").textContent;
const drawn = new Map([...svg.querySelectorAll("g.node")].map((g) => [title(g), g]));
const nodes = new Map(Object.keys(data).map((name) => [name, drawn.get(name)]));
const edges = [...svg.querySelectorAll("g.edge")];

// What is chosen is the fragment of the address: a link to a node works, and so does "back".
const chosen = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};
const choose = (name) => { location.hash = encodeURIComponent(name); };

function add(parent, tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

function link(parent, name, text) {
  add(parent, "a", text).href = "#" + encodeURIComponent(name);
}

function words(parent, value) {
  if (typeof value === "string") return parent.append(value);
  value.forEach(([name, text], n) => {
    if (n) parent.append(", ");
    link(parent, name, text);
  });
}

function show() {
  const name = chosen(), entry = Object.hasOwn(data, name) ? data[name] : null;
  for (const [other, g] of nodes) g.classList.toggle("chosen", other === name);
  for (const g of edges) {
    const [from, to] = title(g).split("->");
    g.classList.toggle("near", from === name || to === name);
  }
  const keyboard = aside.contains(document.activeElement);
  aside.replaceChildren(...(entry ? [] : overview));
  aside.scrollTop = 0;
  if (keyboard) (nodes.get(name) ?? aside.querySelector("a"))?.focus({ preventScroll: true });
  if (!entry) return;
  link(aside, "", "All observers");
  add(aside, "h1", entry.name);
  if (entry.doc) add(aside, "p", entry.doc);
  const list = add(aside, "dl", "");
  for (const [term, value] of entry.rows) { add(list, "dt", term); words(add(list, "dd", ""), value); }
  reveal(nodes.get(name));
}

function reveal(g) {
  if (g) g.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// One node is the stop of the Tab key; the arrow keys lead to its neighbours as they are drawn.
function stop(g) {
  for (const other of nodes.values()) other.setAttribute("tabindex", other === g ? "0" : "-1");
}

function middle(g) {
  const box = g.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function neighbour(g, [dx, dy]) {
  const [x, y] = middle(g);
  let best = null, least = Infinity;
  for (const other of nodes.values()) {
    const [ox, oy] = middle(other);
    const along = (ox - x) * dx + (oy - y) * dy;
    const beside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (other !== g && along > 1 && along + 2 * beside < least) {
      best = other;
      least = along + 2 * beside;
    }
  }
  return best;
}

for (const [name, g] of nodes) {
  g.setAttribute("role", "button");
  g.setAttribute("aria-label", data[name].name);
  g.addEventListener("click", () => choose(name));
  g.addEventListener("focus", () => stop(g));
  g.addEventListener("keydown", (e) => {
    const next = WAYS[e.key] && neighbour(g, WAYS[e.key]);
    if (e.key === "Enter" || e.key === " ") choose(name);
    else if (!WAYS[e.key]) return;
    if (next) { next.focus({ preventScroll: true }); reveal(next); }
    e.preventDefault();
  });
}
stop(nodes.values().next().value);

function matching() {
  const wanted = find.value.trim().toLowerCase();
  const text = (name) => [data[name].name, data[name].doc, ...data[name].rows.flat(3)].join(" ");
  return [...nodes.keys()].filter((name) => text(name).toLowerCase().includes(wanted));
}

find.addEventListener("input", () => {
  const names = new Set(matching());
  for (const [name, g] of nodes) g.classList.toggle("faint", !names.has(name));
  found.value = find.value.trim() ? `${names.size || "none"} of ${nodes.size}` : "";
});
find.addEventListener("keydown", (e) => {
  if (e.key !== "Enter") return;
  const names = matching();
  if (names.length) choose(names[(names.indexOf(chosen()) + 1) % names.length]);
});

// At first it is as wide as there is room, but never smaller than one can read.
const READABLE = 1.1, LARGEST = 1.4;
const { width, height } = svg.viewBox.baseVal;
let scale = 1, asked = false;

const room = (size) => size - 2 * parseFloat(getComputedStyle(main).padding);
const atFirst = () => Math.min(Math.max(room(main.clientWidth) / width, READABLE), LARGEST);
const fitting = () =>
  Math.min(room(main.clientWidth) / width, room(main.clientHeight) / height, LARGEST);

function zoom(to, x = main.clientWidth / 2, y = main.clientHeight / 2) {
  const by = Math.min(Math.max(to, 0.05), 8) / scale;
  scale *= by;
  svg.style.width = width * scale + "px";
  svg.style.height = height * scale + "px";
  main.scrollLeft = (main.scrollLeft + x) * by - x;
  main.scrollTop = (main.scrollTop + y) * by - y;
}

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => {
    asked = true;
    zoom(Number(button.dataset.zoom) ? scale * Number(button.dataset.zoom) : fitting());
  });
}
main.addEventListener("wheel", (e) => {
  if (!e.ctrlKey && !e.metaKey) return;
  e.preventDefault();
  asked = true;
  const box = main.getBoundingClientRect();
  zoom(scale * Math.exp(-e.deltaY / 300), e.clientX - box.x, e.clientY - box.y);
}, { passive: false });
addEventListener("resize", () => { if (!asked) zoom(atFirst()); });

// Touch moves the drawing by itself; a mouse drags it.
let held = null;
main.addEventListener("pointerdown", (e) => {
  if (e.pointerType === "mouse" && e.button === 0) held = [e.clientX, e.clientY];
});
addEventListener("pointermove", (e) => {
  if (!held) return;
  const [x, y] = held;
  if (!main.classList.contains("dragged") && Math.hypot(e.clientX - x, e.clientY - y) < 5) return;
  main.classList.add("dragged");
  main.scrollBy(x - e.clientX, y - e.clientY);
  held = [e.clientX, e.clientY];
});
addEventListener("pointerup", () => { held = null; });
main.addEventListener("click", (e) => {
  if (main.classList.contains("dragged")) e.stopPropagation();
  main.classList.remove("dragged");
}, { capture: true });

addEventListener("keydown", (e) => {
  if (e.key === "Escape") choose("");
  if (e.key !== "/" || e.target === find || e.ctrlKey || e.metaKey) return;
  e.preventDefault();
  find.focus();
});
addEventListener("hashchange", show);
zoom(atFirst());
main.scrollTo(0, 0);
reveal(nodes.values().next().value);
show();
