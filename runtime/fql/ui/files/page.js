"use strict";
// Everything works without this file. It adds keys, and sends a filter as soon as it is chosen.
const keys = { o: "/", r: "/runs", d: "/dead", e: "/endpoints", p: "/plan" };
let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector(".search input").focus();
  } else if (event.key === "g") {
    going = true;
    return;
  } else if (going && keys[event.key]) {
    location.href = keys[event.key];
  } else if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("tbody tr a")];
    const at = rows.indexOf(document.activeElement);
    const next = rows[event.key === "j" ? at + 1 : Math.max(0, at - 1)];
    if (next) next.focus();
  }
  going = false;
});
for (const select of document.querySelectorAll("form[action] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
