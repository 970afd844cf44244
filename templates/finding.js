"use strict";
// Where one is, what holds a word, and two samples or two methods beside each other.

// --- two views beside each other -------------------------------------------------------------------------------

const titled = (node, text) => make("div", {}, make("div", { className: "cell-title", textContent: text }), node);

// What is seen of a node, without what works it: a map that was redrawn is the picture that it shows now.
function still(node) {
  const copy = node.cloneNode(true);
  const canvases = all("canvas", copy);
  all("canvas", node).forEach((canvas, i) => canvases[i].replaceWith(make("img", { src: canvas.toDataURL(), alt: canvas.ariaLabel, width: parseFloat(canvas.style.width) })));
  all(".controls, .readout, .cursor, details", copy).forEach((part) => part.remove());
  [copy, ...all("[tabindex], [role=application]", copy)].forEach((part) => ["tabindex", "role", "aria-label"].forEach((name) => part.namespaceURI.endsWith("xhtml") && part.removeAttribute(name)));
  [copy, ...all("[id]", copy)].filter((part) => part.namespaceURI.endsWith("xhtml")).forEach((part) => part.removeAttribute("id"));
  return copy;
}

const stills = (nodes, name) => {
  const row = make("div", { className: "molecules" }, ...nodes.map((node) => still(node)));
  return name ? titled(row, name) : row;
};

// The samples and the methods of a figure, each with its name and what makes its picture; of others the whole.
function views(figure) {
  const [grid, heads] = [figure.querySelector(".grid"), all(".grid thead th", figure).map((head) => head.textContent.trim())];
  const rows = all(".grid tbody tr", figure);
  const cells = (row) => all(":scope > td", row);
  const name = (row, k) => (row.querySelector("th") ?? row.querySelector(".cell-title, .cell-note"))?.textContent.trim() || tr("row {number}", { number: k + 1 });
  const column = (k) => rows.map((row) => titled(still(cells(row)[k]?.firstElementChild ? cells(row)[k] : make("td")), name(row, rows.indexOf(row))));
  const found = rows.length > 1 || heads.length > 1
    ? [
        ...(rows.length > 1 ? rows.map((row, k) => [name(row, k), () => make("div", { className: "molecules" }, ...cells(row).map((cell, i) => titled(still(cell), heads[i] ?? "")))]) : []),
        ...(heads.length > 1 ? heads.map((head, k) => [head, () => make("div", { className: "molecules" }, ...column(k))]) : []),
      ]
    : all(".molecules > .molecule, .trace", figure).map((item) => [item.querySelector(".cell-title").textContent.trim(), () => still(item)]);
  const number = figure.querySelector("figcaption b").textContent.replace(/\.$/, "");
  const whole = () => stills(all(grid ? ".grid" : ".chart, .molecule, .trace", figure));
  return { figure, number, found: found.length > 1 ? found : [[tr("all of it"), whole]] };
}

function pane(offered, side, seen, start) {
  const groups = offered.map(({ number, found }, f) => {
    const group = make("optgroup", { label: number });
    group.append(...found.map(([name], k) => new Option(tr("{figure}: {part}", { figure: number, part: name }), `${f} ${k}`)));
    return group;
  });
  const select = make("select", { ariaLabel: side }, ...groups);
  const place = make("div", { className: "seen", tabIndex: 0, role: "group", ariaLabel: seen });
  const show = () => {
    const [f, k] = select.value.split(" ").map(Number);
    const scales = all(".scales", offered[f].figure).slice(0, 1).map(still);
    place.replaceChildren(offered[f].found[k][1](), ...scales, make("p", { textContent: captionOf(offered[f].figure) }));
  };
  select.addEventListener("input", show);
  select.value = start;
  show();
  return make("div", {}, select, place);
}

function comparable(figures) {
  const offered = figures.map(views);
  if (offered.reduce((sum, { found }) => sum + found.length, 0) < 2) return;
  const dialog = make("dialog", { className: "beside", ariaLabel: tr("Two views side by side") });
  const close = make("button", { type: "button", className: "close", textContent: tr("Close") });
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  offered.forEach(({ figure, number, found }, f) => {
    const [first, second] = found.length > 1 ? [`${f} 0`, `${f} 1`] : [`${f} 0`, `${f ? f - 1 : 1} 0`];
    const open = tool(tr("Side by side"), () => {
      dialog.replaceChildren(close, make("div", { className: "panes" }, pane(offered, tr("Left side"), tr("Left view"), first), pane(offered, tr("Right side"), tr("Right view"), second)));
      dialog.showModal();
    }, tr("{figure} side by side with another view", { figure: number }));
    dialog.addEventListener("close", () => dialog.replaceChildren());
    figure.querySelector("figcaption").append(" ", open);
  });
}

// --- contents that stay at hand, and a search ------------------------------------------------------------------

const SEARCHED = "h1, h2, h3, h4, p, li, dt, dd, figcaption, caption, tr, .molecule, .trace, .chart, .cell-title, .cell-note, pre";
const MOST_HITS = 30;

// What a reader sees of a node in one line; the words of a picture do not follow each other.
const spoken = (node) => (node.matches(".chart") ? all("text", node).map((text) => text.textContent).join(" ") : node.textContent).replace(/\s+/g, " ").trim();

// The smallest parts of the page that hold all `terms`, in its order.
function holding(terms) {
  const held = (node) => terms.every((term) => spoken(node).toLowerCase().includes(term));
  const found = all(`:is(.front, .verdicts, main) :is(${SEARCHED})`).filter(held);
  return found.filter((node) => !found.some((other) => other !== node && node.contains(other)));
}

function snippet(node, term) {
  const text = spoken(node);
  const at = Math.max(0, text.toLowerCase().indexOf(term) - 30);
  return `${at ? "…" : ""}${text.slice(at, at + 90)}${text.length > at + 90 ? "…" : ""}`;
}

function hit(node, term) {
  const link = make("button", { type: "button", className: "hit" }, make("b", { textContent: headOf(node) }), ` ${snippet(node, term)}`);
  link.addEventListener("click", () => {
    node.closest("[hidden]")?.removeAttribute("hidden");
    node.scrollIntoView({ block: "center" });
    node.classList.add("hit-here");
    setTimeout(() => node.classList.remove("hit-here"), 3000);
  });
  return make("li", {}, link);
}
const headOf = (node) => node.closest("figure")?.querySelector("figcaption b").textContent ?? (node.closest(".front") ? tr("First page") : node.closest(".part, .chapter, .verdicts")?.querySelector("h2, h1")?.textContent ?? "");

function railed(contents) {
  if (!contents) return;
  const list = contents.querySelector("ol").cloneNode(true);
  const entries = all("a", list).map((link) => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))]).filter(([, place]) => place);
  const search = make("input", { type: "search", placeholder: tr("Search this report"), ariaLabel: tr("Search this report") });
  const hits = make("ol", { className: "hits", hidden: true });
  const count = make("output", { className: "count" });
  const toggle = make("button", { type: "button", className: "here", ariaExpanded: "false" });
  const rail = make("nav", { className: "rail", ariaLabel: tr("Contents at hand") }, toggle, make("div", { className: "panel" }, search, count, hits, list));
  const open = (state) => {
    rail.classList.toggle("open", state);
    toggle.ariaExpanded = String(state);
  };
  toggle.addEventListener("click", () => open(!rail.classList.contains("open")));
  rail.addEventListener("keydown", ({ key }) => key === "Escape" && (open(false), toggle.focus()));
  rail.addEventListener("click", ({ target }) => target.closest("a, .hit") && open(false));
  search.addEventListener("input", () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = terms.length ? holding(terms) : [];
    hits.replaceChildren(...found.slice(0, MOST_HITS).map((node) => hit(node, terms[0])));
    hits.hidden = !terms.length;
    list.hidden = terms.length > 0;
    count.textContent = !terms.length ? "" : found.length > MOST_HITS ? tr("the first {shown} of {total} places", { shown: MOST_HITS, total: found.length }) : found.length === 1 ? tr("1 place") : tr("{total} places", { total: found.length });
  });
  const mark = () => {
    const passed = entries.filter(([, place]) => place.getBoundingClientRect().top < 40);
    const [link] = passed.at(-1) ?? [];
    entries.forEach(([other]) => other === link ? other.setAttribute("aria-current", "true") : other.removeAttribute("aria-current"));
    all(":scope > li", list).forEach((item) => item.classList.toggle("within", item.contains(link ?? null)));
    toggle.textContent = link ? tr("Contents · {place}", { place: link.textContent.trim() }) : tr("Contents");
  };
  let waiting = false;
  addEventListener("scroll", () => waiting || (waiting = true, requestAnimationFrame(() => (waiting = false, mark()))), { passive: true });
  mark();
  document.querySelector("main").before(rail);
}
