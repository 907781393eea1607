"""The fixed parts of the page of a picture: frame, look and behaviour."""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>$title</title>
<style>$style</style>
</head>
<body>
<header>
<label>Find <input id="find" type="search" placeholder="name, url or condition"></label>
<span>zoom <button data-zoom="-1" aria-label="smaller">-</button>
<button data-zoom="0" aria-label="as it fits">fit</button>
<button data-zoom="1" aria-label="larger">+</button></span>
</header>
<main id="drawing">$drawing</main>
<aside id="details" aria-live="polite"><h1>Observers</h1><ul>$observers</ul></aside>
<script type="application/json" id="data">$details</script>
<script>$script</script>
</body>
</html>
"""

STYLE = """
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1c2733; }
body { margin: 0; height: 100vh; display: grid; grid-template: auto 1fr / 1fr minmax(18rem, 26%); }
header { grid-column: 1 / -1; padding: .5rem 1rem; border-bottom: 1px solid #d5dde5; display: flex;
  gap: 2rem; align-items: center; }
input { font: inherit; padding: .2rem .5rem; width: 20rem; }
main { overflow: auto; padding: 1rem; }
aside { overflow: auto; padding: 0 1rem 1rem; border-left: 1px solid #d5dde5; background: #f7f9fb; }
h1 { font-size: 1.15rem; overflow-wrap: anywhere; }
dt { color: #5b6b7b; margin-top: .6rem; }
dd { margin: 0; font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere;
  white-space: pre-wrap; }
ul { padding-left: 1.1rem; }
svg { max-width: 100%; height: auto; }
svg .node { cursor: pointer; }
svg .node:focus { outline: none; }
svg .node:focus :is(path, polygon), svg .chosen :is(path, polygon) { stroke: #0b62c4;
  stroke-width: 2.5; }
svg .faint { opacity: .2; }
@media (max-width: 50rem) { body { grid-template: auto 1fr 40% / 1fr; }
  aside { border-left: 0; border-top: 1px solid #d5dde5; } }
"""

SCRIPT = """
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const aside = document.getElementById("details"), start = [...aside.childNodes];
const svg = document.querySelector("#drawing svg"), find = document.getElementById("find");
const nodes = new Map();
for (const g of svg ? svg.querySelectorAll("g.node") : []) {
  const name = g.querySelector("title").textContent;
  if (!(name in data)) continue;
  nodes.set(name, g);
  g.setAttribute("tabindex", "0");
  g.setAttribute("role", "button");
  g.setAttribute("aria-label", data[name].name);
  g.addEventListener("click", () => { location.hash = encodeURIComponent(name); });
  g.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    g.dispatchEvent(new Event("click"));
  });
}
function add(parent, tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}
function show() {
  const name = decodeURIComponent(location.hash.slice(1)), entry = data[name];
  for (const [other, g] of nodes) g.classList.toggle("chosen", other === name);
  aside.replaceChildren(...(entry ? [] : start));
  if (!entry) return;
  add(aside, "h1", entry.name);
  if (entry.doc) add(aside, "p", entry.doc);
  const list = add(aside, "dl", "");
  for (const [term, words] of entry.rows) { add(list, "dt", term); add(list, "dd", words); }
}
find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const [name, g] of nodes) {
    const text = JSON.stringify(data[name]).toLowerCase();
    g.classList.toggle("faint", wanted !== "" && !text.includes(wanted));
  }
});
let zoom = 0;
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => {
    zoom = button.dataset.zoom === "0" ? 0 : zoom + Number(button.dataset.zoom);
    svg.style.maxWidth = zoom ? "none" : "";
    svg.style.width = zoom ? 100 * 1.25 ** zoom + "%" : "";
  });
}
addEventListener("keydown", (e) => { if (e.key === "Escape") { location.hash = ""; } });
addEventListener("hashchange", show);
show();
"""
