"use strict";
// Everything works without this file. It adds keys, changes as they come, and small comforts.
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

// Keys ------------------------------------------------------------------------------------------
const places = { o: "/", r: "/runs", e: "/events", d: "/dead", n: "/endpoints", b: "/batches", p: "/plan" };
let going = false;

function step(by) {
  const rows = all("main tbody tr").filter((row) => row.querySelector("a"));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.max(0, at + by)];
  if (next) next.querySelector("a").focus();
}

function tick() {
  const row = document.activeElement.closest("tr");
  const box = row && row.querySelector("input[type=checkbox]");
  if (box) box.checked = !box.checked;
  count();
}

const keys = {
  "/": () => $(".search input").select(),
  "?": () => $("#keys").showModal(),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  r: () => { const found = $("[data-key=r]"); if (found) found.click(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
  const go = going && places[event.key];
  going = event.key === "g";
  if (go) location.href = go;
  else if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

// Forms -----------------------------------------------------------------------------------------
document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.id === "all" || target.name === "id") queueMicrotask(count);
  if (target.id === "all") for (const box of all("main input[name=id]")) box.checked = target.checked;
  else if (target.matches("form[action]:not([method=post]) select")) target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.id === "help") $("#keys").showModal();
  if (button.id === "live") pause(button);
  if (button.dataset.copy) copy(button);
});

// A button that was pressed once is not pressed again while the answer is on its way.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Where some are ticked, a button says how many these are.
function count() {
  const many = all("main input[name=id]:checked").length;
  for (const one of all("[data-many]")) {
    one.dataset.all ||= one.textContent;
    one.textContent = many ? `${one.dataset.many} ${many}…` : one.dataset.all;
  }
}

async function copy(button) {
  await navigator.clipboard.writeText($("#" + button.dataset.copy).textContent);
  button.textContent = "Copied";
}

// Live ------------------------------------------------------------------------------------------
// The server says which parts have changed; they are fetched and put in the place of the old ones.
// The focus stays where it is, and so do opened details and what is typed or ticked.
const here = location.pathname + location.search;
let stream = null;
let timer = 0;
let paused = false;

function marks(part) {
  const open = [...part.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...part.querySelectorAll(".flow, pre")].map((one) => [one.scrollLeft, one.scrollTop]);
  const focus = part.contains(document.activeElement) ? way(document.activeElement, part) : null;
  return { open, scrolled, focus };
}

function way(element, part) {
  const href = element.getAttribute("href");
  const name = element.getAttribute("name") || element.getAttribute("aria-label");
  const same = [...part.querySelectorAll(element.tagName)].filter((one) =>
    one.getAttribute("href") === href && (one.getAttribute("name") || one.getAttribute("aria-label")) === name);
  return { tag: element.tagName, href, name, at: same.indexOf(element) };
}

function restore(part, { open, scrolled, focus }) {
  part.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? one.open; });
  part.querySelectorAll(".flow, pre").forEach((one, at) => {
    if (scrolled[at]) [one.scrollLeft, one.scrollTop] = scrolled[at];
  });
  if (!focus) return;
  const same = [...part.querySelectorAll(focus.tag)].filter((one) =>
    one.getAttribute("href") === focus.href && (one.getAttribute("name") || one.getAttribute("aria-label")) === focus.name);
  const next = same[Math.min(focus.at, same.length - 1)];
  if (next) next.focus({ preventScroll: true });
}

function busy(part) {
  const at = document.activeElement;
  if (at && part.contains(at) && at.matches("input, select, textarea")) return true;
  return Boolean(part.querySelector("input[type=checkbox]:checked, form[data-sent]"));
}

async function exchange(names) {
  const wanted = names.filter((name) => $(`[data-part="${name}"]`));
  if (!wanted.length) return;
  const headers = { "fql-part": wanted.join(","), "fql-newest": document.body.dataset.newest };
  const answer = await fetch(here, { headers });
  if (answer.status === 401) return stop();
  if (!answer.ok) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of found.querySelectorAll("[data-part]")) {
    const old = $(`[data-part="${fresh.dataset.part}"]`);
    if (!old || busy(old) || old.innerHTML === fresh.innerHTML) continue;
    const kept = marks(old);
    old.replaceChildren(...fresh.childNodes);
    restore(old, kept);
  }
}

const parts = () => all("[data-part]").map((one) => one.dataset.part);
const often = () => exchange(parts()).catch(() => {});

function start() {
  if (paused || stream || timer || document.hidden) return;
  stream = new EventSource("/live?view=" + encodeURIComponent(here));
  stream.addEventListener("changed", (event) => exchange(JSON.parse(event.data)).catch(() => {}));
  stream.onerror = () => {
    if (!stream || stream.readyState !== EventSource.CLOSED) return;
    stream = null;
    timer = setInterval(often, 10000);
  };
}

function stop() {
  if (stream) stream.close();
  clearInterval(timer);
  stream = null;
  timer = 0;
}

function pause(button) {
  paused = !paused;
  button.setAttribute("aria-pressed", String(!paused));
  if (paused) stop();
  else { often(); start(); }
}

if (document.body.dataset.live) {
  start();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else if (!paused) { often(); start(); }
  });
  window.addEventListener("pagehide", stop);
}
