"use strict";
// What is done once the page is there, with what the other scripts define.

// A rule reads from its best case to its worst: there is nothing to sort.
all("table.data:not(.answered, .reasons)").filter((table) => table.tBodies[0].rows.length > 2).forEach((table) => {
  sortable(table);
  table.caption?.append(" ", tool("CSV", () => saveTable(table)));
  if (table.tBodies[0].rows.length > 8) filterable(table, tr("Filter rows"), [...table.tBodies[0].rows], table.parentElement);
});
all("figure").forEach((figure, index) => {
  const rows = [];
  all(".grid tbody tr", figure).forEach((row) => {
    const more = rows.length && row.querySelector("th")?.textContent.trim() === "";
    more ? rows.at(-1).push(row) : rows.push([row]);
  });
  const molecules = all(".molecule", figure);
  const settle = maps(figure, index);
  const grid = figure.querySelector(".grid");
  if (rows.length > 2) filterable(grid, tr("Filter samples"), rows, grid.parentElement, settle);
  const list = figure.querySelector(".molecules");
  if (list && molecules.length > 2) filterable(list, tr("Filter molecules"), molecules);
  all(".chart", figure).forEach(panels);
  all(".chart", figure).forEach(cells);
  molecules.forEach(atoms);
  enlargeable(figure);
  savable(figure);
});
comparable(all("figure"));
railed(document.querySelector(".contents"));
all(".scroll").forEach(watched);
document.documentElement.classList.add("alive");
