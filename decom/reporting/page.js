"use strict";
(() => {
  const AT_ONCE = 100;
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const all = Array.from(body.rows);
  const search = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const counted = (n) => n.toLocaleString("en");
  let texts = null;
  let order = all;
  let matching = all;
  let limit = AT_ONCE;
  let sortedBy = null;

  const textOf = (row) => row.textContent.toLowerCase().replace("all facts", " ");

  function match() {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length > 0 && texts === null) texts = new Map(all.map((row) => [row, textOf(row)]));
    matching = order.filter((row) =>
      (outcome.value === "" || row.dataset.outcome === outcome.value) &&
      terms.every((term) => texts.get(row).includes(term)));
    limit = AT_ONCE;
    show();
  }

  function show() {
    const shown = Math.min(limit, matching.length);
    body.replaceChildren(...matching.slice(0, shown));
    const left = matching.length - shown;
    found.textContent = matching.length === all.length
      ? `${counted(all.length)} rows` + (left > 0 ? `, the first ${counted(shown)} are shown` : "")
      : `${counted(matching.length)} of ${counted(all.length)} rows match` + (left > 0 ? `, the first ${counted(shown)} are shown` : "");
    more.hidden = left === 0;
    more.textContent = `Show ${counted(Math.min(left, AT_ONCE * 5))} more of ${counted(left)}`;
  }

  function keyOf(cell, kind) {
    const text = (cell.querySelector("bdi") ?? cell).textContent.trim();
    return kind === "number" && text !== "" ? Number(text) : text;
  }

  function compare(a, b) {
    if (a === b) return 0;
    return typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));
  }

  function sort(heading) {
    const down = sortedBy === heading && heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    sortedBy = heading;
    const at = heading.cellIndex;
    const keyed = all.map((row) => [keyOf(row.cells[at], heading.dataset.sort), row]);
    keyed.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      return down ? compare(b, a) : compare(a, b);
    });
    order = keyed.map(([, row]) => row);
    match();
  }

  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(heading));
    heading.append(button);
  }
  for (const link of document.querySelectorAll("a[data-outcome]")) {
    link.addEventListener("click", () => {
      search.value = "";
      outcome.value = link.dataset.outcome;
      match();
    });
  }
  search.addEventListener("input", match);
  outcome.addEventListener("change", match);
  more.addEventListener("click", () => {
    const first = limit;
    limit += AT_ONCE * 5;
    show();
    matching[first]?.querySelector("summary")?.focus();
  });
  document.getElementById("clear").addEventListener("click", () => {
    search.value = "";
    outcome.value = "";
    match();
    search.focus();
  });
  addEventListener("beforeprint", () => body.replaceChildren(...matching));
  addEventListener("afterprint", show);
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
  show();
})();
