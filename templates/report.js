// What the page can do with scripts on. It is complete without: nothing here adds a number that is not in it.

// What the page says: `words` holds it in the page's language, and {names} in it are replaced by `values`.
const tr = (text, values = {}) => words[text].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + String(Number(Math.abs(value).toPrecision(3)));
const number = (text) => Number(text.replaceAll("−", "-").replaceAll(",", "").replace(/^\+/, "").replace(/%$/, "").trim() || NaN);
const below = (figure, ...nodes) => figure.querySelector("figcaption").before(...nodes);

// Of the `items` in `root` one is a tab stop, and keys lead from it to the others: past all of them is one press of Tab.
// `next` gives the item to which a key leads from one, among those that are not hidden. The result is to be called when
// what is hidden has changed.
function roving(root, items, next) {
  const seen = (item) => !item.closest("[hidden]");
  let stop = null;
  const stand = (item) => {
    stop?.setAttribute("tabindex", -1);
    stop = item;
    stop?.setAttribute("tabindex", 0);
  };
  items.forEach((item) => item.setAttribute("tabindex", -1));
  root.addEventListener("focusin", ({ target }) => items.includes(target) && stand(target));
  root.addEventListener("keydown", (event) => {
    const to = items.includes(event.target) && next(items.filter(seen), event.target, event.key);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  const settle = () => stop && seen(stop) || stand(items.find(seen));
  settle();
  return settle;
}

// --- tables: sort by a column, keep the rows that hold a word ---------------------------------------------

// In a column of numbers the first one counts: of an interval, or of "under 0.1%".
const leading = (text) => parseFloat(text.replaceAll("−", "-").replaceAll(",", "").replace(/^\D*?(?=-?[\d.])/, ""));

function compare(a, b, valueOf) {
  const [x, y] = [valueOf(a), valueOf(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
}

function sortable(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = all("thead th", table);
  heads.forEach((head, column) => {
    const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
    const valueOf = head.classList.contains("number") ? leading : number;
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort ?? "none"];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (next !== "none") head.ariaSort = next;
      const way = { none: 0, ascending: 1, descending: -1 }[next];
      const text = (row) => row.cells[column].textContent.trim();
      body.append(...[...rows].sort((a, b) => way * compare(text(a), text(b), valueOf)));
    });
    head.replaceChildren(button);
  });
}

// A field for words, and a choice for everything that the rows are marked with, such as their class.
// What belongs together, as the lines of one sample do, is one of the `rows` as a list.
function filterable(marked, label, rows, before = marked, after = () => {}) {
  const names = JSON.parse(marked.dataset.facets ?? "[]");
  const groups = rows.map((row) => [row].flat());
  const marks = groups.map(([row]) => JSON.parse(row.dataset.facets ?? "[]"));
  const input = make("input", { type: "search", ariaLabel: label, placeholder: label });
  const choices = names.map((name, i) => {
    const found = [...new Set(marks.map((mark) => mark[i]))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    return make("select", { ariaLabel: name }, new Option(tr("{name}: all", { name }), ""), ...found.map((option) => new Option(option, option)));
  });
  const count = make("output", { className: "count" });
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    groups.forEach((parts, k) => {
      const text = parts.map((part) => part.textContent.toLowerCase()).join(" ");
      const left = words.every((word) => text.includes(word)) && choices.every((choice, i) => !choice.value || choice.value === marks[k][i]);
      parts.forEach((part) => part.toggleAttribute("hidden", !left));
    });
    const left = groups.filter(([part]) => !part.hasAttribute("hidden")).length;
    count.textContent = left < rows.length || words.length ? tr("{part} of {total}", { part: left, total: rows.length }) : "";
    after();
  };
  [input, ...choices].forEach((control) => control.addEventListener("input", filter));
  before.before(make("div", { className: "controls" }, input, ...choices, count));
}

// The panels of a chart: those that are left move up, and the chart ends below them.
function panels(chart) {
  const svg = chart.querySelector("svg");
  const [found, rows] = [all("g.panel", svg), all("g.row", svg)];
  if (found.length <= 2) return;
  const at = found.map((panel) => panel.getAttribute("transform").match(/[\d.]+/g).map(Number));
  const { width, height: whole } = svg.viewBox.baseVal;
  const columns = at.filter(([, y]) => y === at[0][1]).length;
  const heights = at.map(([, y]) => (at.find(([, other]) => other > y)?.[1] ?? whole) - y);
  const marks = JSON.parse(chart.dataset.panels ?? "[]");
  found.forEach((panel, k) => (panel.dataset.facets = JSON.stringify(marks[k] ?? [])));
  filterable(chart, chart.dataset.panels ? tr("Filter samples") : tr("Filter panels"), found, chart, () => {
    const left = found.map((panel, k) => [panel, heights[k]]).filter(([panel]) => !panel.hasAttribute("hidden"));
    let [y, height] = [0, 0];
    left.forEach(([panel, own], i) => {
      if (i % columns === 0) [y, height] = [y + height, 0];
      height = Math.max(height, own);
      panel.setAttribute("transform", `translate(${at[i % columns][0]} ${y})`);
    });
    rows.forEach((row, k) => row.toggleAttribute("hidden", k * columns >= left.length));
    svg.setAttribute("viewBox", `0 0 ${width} ${y + height}`);
    svg.setAttribute("height", y + height);
  });
}

// --- maps: threshold, sign, the input beneath, and the value under the pointer -----------------------------

// Its numbers are unpacked when they are first asked for: a page of photographs holds 400,000 of them.
function readMap(cell) {
  const [width, each, limit, most] = ["width", "each", "limit", "most"].map((name) => Number(cell.dataset[name]));
  const { unit, palette } = cell.dataset;
  const unpacked = () => new Int16Array(Uint8Array.from(atob(cell.dataset.values), (c) => c.charCodeAt(0)).buffer);
  let numbers = null;
  return {
    cell, unit, step: most / 32767, each, palette, width, image: cell.querySelector("img"),
    get numbers() { return (numbers ??= Float64Array.from(unpacked(), (v) => (v / 32767) * most)); },
    get shares() { return this.numbers.map((value) => Math.max(-1, Math.min(1, value / limit))); },
    get height() { return this.numbers.length / width; },
  };
}

// The colours of shares -1 to 1, taken from the drawn scale: they are defined nowhere else.
function readColours(svg) {
  const strips = all("rect", svg).map((rect) => rect.getAttribute("fill")).filter((fill) => fill.startsWith("#"));
  return strips.map((strip) => [1, 3, 5].map((i) => parseInt(strip.slice(i, i + 2), 16)));
}

function colour(colours, share) {
  const place = ((share + 1) / 2) * (colours.length - 1);
  const [low, high] = [colours[Math.floor(place)], colours[Math.ceil(place)]];
  return low.map((channel, i) => channel + (high[i] - channel) * (place % 1));
}

function pixelsOf(image, width, height) {
  const context = make("canvas", { width, height }).getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// What is seen of a pixel; as tasks/drawing/overlay.py draws it where the map lies on its picture.
const laid = {
  plain: (share, colours, beneath, opacity) => beneath ? mixed(colour(colours, share), beneath, share ? opacity : 0) : share ? colour(colours, share) : [255, 255, 255],
  diverging: (share, colours, [r, g, b], opacity) => {
    const light = 255 * 0.45 + 0.55 * (0.2126 * r + 0.7152 * g + 0.0722 * b);
    return mixed(colour(colours, share), [light, light, light], opacity * Math.abs(share));
  },
  keras_example: (share, _, beneath, opacity) => {
    const light = 255 * opacity * Math.abs(share);
    return [beneath[0] + (share < 0) * light, beneath[1] + (share > 0) * light, beneath[2]];
  },
};
const mixed = (above, below, weight) => above.map((channel, c) => weight * channel + (1 - weight) * below[c]);

function redraw(map, colours, input, { threshold, opacity, sign }) {
  const { width, height, shares } = map;
  map.canvas ??= toCanvas(map);
  const beneath = input && (map.palette || opacity < 1) ? pixelsOf(input, width, height) : null;
  const lay = laid[beneath ? (map.palette ?? "plain") : "plain"];
  const data = new ImageData(width, height);
  shares.forEach((share, i) => {
    const kept = Math.abs(share) >= threshold && sign * share >= 0 ? share : 0;
    data.data.set([...lay(kept, colours, beneath?.slice(4 * i, 4 * i + 3), opacity), 255], 4 * i);
  });
  map.canvas.getContext("2d").putImageData(data, 0, 0);
}

function toCanvas({ image, width, height }) {
  const canvas = make("canvas", { width, height, role: "img", ariaLabel: image.alt });
  canvas.style.width = `${image.getAttribute("width")}px`;
  image.replaceWith(canvas);
  return canvas;
}

function slider(label, change, value = 0) {
  const input = make("input", { type: "range", min: 0, max: 100, value: Math.round(100 * value) });
  const shown = make("output", { textContent: `${input.value}%` });
  input.addEventListener("input", () => change(Number(input.value) / 100, (shown.textContent = `${input.value}%`)));
  return make("label", {}, `${label} `, input, shown);
}

function choice(name, options, change) {
  const inputs = options.map(([label, value], index) => {
    const input = make("input", { type: "radio", name, value, checked: index === 0 });
    input.addEventListener("change", () => change(value));
    return make("label", {}, input, label);
  });
  return make("fieldset", {}, make("legend", { textContent: tr("Sign") }), ...inputs);
}

// A number with as many digits as the steps tell apart in which it is held.
function read(value, step) {
  const digits = Math.max(1, Math.min(3, 1 + Math.floor(Math.log10(Math.abs(value) / step))));
  return signed(Number(value.toPrecision(value ? digits : 1)));
}

function pointing(map, readout) {
  const { cell, width } = map;
  const cursor = make("i", { className: "cursor", hidden: true });
  let at = [0, 0];
  const box = () => (map.canvas ?? map.image).getBoundingClientRect();
  const show = (column, row) => {
    const { height, numbers } = map;
    at = [Math.max(0, Math.min(width - 1, column)), Math.max(0, Math.min(height - 1, row))];
    const [picture, frame] = [box(), cell.getBoundingClientRect()];
    const size = [picture.width / width, picture.height / height];
    const corner = [picture.left - frame.left + at[0] * size[0], picture.top - frame.top + at[1] * size[1]];
    ["left", "top"].forEach((side, i) => (cursor.style[side] = `${corner[i]}px`));
    ["width", "height"].forEach((side, i) => (cursor.style[side] = `${size[i]}px`));
    cursor.hidden = false;
    const said = { value: read(numbers[at[1] * width + at[0]], map.step), unit: map.unit };
    const [columns, rows] = at.map((place) => [place * map.each + 1, (place + 1) * map.each]);
    readout.textContent = map.each > 1
      ? tr("rows {top} to {bottom}, columns {left} to {right}: mean {value} ({unit})", { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1], ...said })
      : tr("row {row}, column {column}: {value} ({unit})", { row: rows[0], column: columns[0], ...said });
  };
  Object.assign(cell, { role: "application", ariaLabel: map.image.alt }); // so that a screen reader leaves the arrows to it
  cell.append(cursor);
  cell.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, top, width: wide, height: high } = box();
    show(Math.floor(((clientX - left) / wide) * width), Math.floor(((clientY - top) / high) * map.height));
  });
  cell.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at[0] + step[0], at[1] + step[1]);
  });
  cell.addEventListener("focus", () => {
    show(...at);
    if (cell.matches(":focus-visible")) readout.textContent += tr("; arrow keys: pixels; Page Up, Page Down: maps");
  });
  for (const leave of ["pointerleave", "blur"]) {
    cell.addEventListener(leave, () => {
      cursor.hidden = true;
      readout.textContent = "";
    });
  }
}

function maps(figure, index) {
  const found = all(".cell[data-values]", figure).map(readMap);
  if (!found.length) return () => {};
  const colours = readColours(figure.querySelector(".scales svg"));
  const state = { threshold: 0, opacity: Number(found[0].cell.dataset.opacity ?? 1), sign: 0 };
  // A sample's further lines, which have no label, lie over the picture in its first.
  const inputOf = (cell) => {
    let row = cell.closest("tr");
    const image = () => row.querySelector(".cell:not([data-values]) img");
    while (!image() && row.querySelector("th")?.textContent.trim() === "" && row.previousElementSibling) row = row.previousElementSibling;
    return image();
  };
  const change = (part) => {
    Object.assign(state, part);
    found.forEach((map) => redraw(map, colours, inputOf(map.cell), state));
  };
  const controls = [slider(tr("Hide below"), (threshold) => change({ threshold }))];
  if (found.some((map) => inputOf(map.cell))) controls.push(slider(tr("Overlay opacity"), (opacity) => change({ opacity }), state.opacity));
  controls.push(choice(`sign-${index}`, [[tr("both"), 0], [tr("positive"), 1], [tr("negative"), -1]], (sign) => change({ sign })));
  const readout = make("output", { className: "readout" });
  below(figure, make("div", { className: "controls" }, ...controls, readout));
  found.forEach((map) => pointing(map, readout));
  const steps = { PageUp: -1, PageDown: 1 };
  return roving(figure, found.map((map) => map.cell), (seen, cell, key) => steps[key] && (seen[seen.indexOf(cell) + steps[key]] ?? cell));
}

// --- matrices: cells that are too small for their numbers say them -----------------------------------------

function cells(chart) {
  const small = all("rect", chart).filter((rect) => rect.querySelector("title"));
  if (!small.length) return;
  const svg = chart.querySelector("svg");
  const readout = make("output", { className: "readout" });
  const say = ({ target }) => (readout.textContent = target.querySelector(":scope > title")?.textContent ?? "");
  svg.role = "group"; // what is in a picture cannot be reached
  small.forEach((rect) => (rect.role = "img"));
  for (const enter of ["focusin", "pointerover"]) svg.addEventListener(enter, say);
  for (const leave of ["focusout", "pointerleave"]) svg.addEventListener(leave, () => (readout.textContent = ""));
  svg.addEventListener("click", ({ target }) => small.includes(target) && target.focus());
  const steps = { ArrowLeft: ["y", -1], ArrowRight: ["y", 1], ArrowUp: ["x", -1], ArrowDown: ["x", 1] };
  roving(svg, small, (seen, rect, key) => {
    if (!steps[key]) return null;
    const [same, step] = steps[key];
    const line = seen.filter((other) => other.getAttribute(same) === rect.getAttribute(same));
    return line[line.indexOf(rect) + step] ?? rect;
  });
  chart.append(readout);
}

// --- molecules: atoms answer, and have a row each ----------------------------------------------------------

function atoms(molecule) {
  const svg = molecule.querySelector("svg");
  const notes = all(".contribution", svg);
  if (!notes.length) return;
  const names = notes.map((note) => /(?:atom|bond)-\d+/.exec(note.getAttribute("class"))[0]);
  const bonded = names.some((name) => name.startsWith("bond"));
  const spoken = names.map((name) => {
    const [kind, place] = name.split("-");
    const number = Number(place) + 1;
    return kind === "bond" ? tr("bond {number}", { number }) : tr("atom {number}", { number });
  });
  const readout = make("output", { className: "readout" });
  const rows = notes.map((note, i) => make("tr", {}, ...[bonded ? spoken[i] : Number(names[i].slice(5)) + 1, note.dataset.symbol, note.textContent].map((text) => make("td", { textContent: text }))));
  const head = make("tr", {}, ...[bonded ? tr("part") : tr("atom"), tr("element"), tr("contribution")].map((text) => make("th", { scope: "col", textContent: text })));
  const table = make("table", { className: "data" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const list = make("details", { className: "atoms" }, make("summary", { textContent: bonded ? tr("Atoms and bonds") : tr("Atoms") }), table);
  const light = (index) => {
    [notes, rows].forEach((items) => items.forEach((item, i) => item.classList.toggle("lit", i === index)));
    readout.textContent = index < 0 ? "" : tr("{part}, {element}: {contribution}", { part: spoken[index], element: notes[index].dataset.symbol, contribution: notes[index].textContent });
  };
  // RDKit's lines of a bond are of the classes "bond-0 atom-0 atom-1", its letters of "atom-0" alone.
  const indexOf = (target) => names.indexOf(/^(?:contribution )?(atom-\d+$|bond-\d+)/.exec(target.getAttribute?.("class"))?.[1]);
  svg.addEventListener("pointerover", (event) => light(indexOf(event.target)));
  svg.addEventListener("pointerleave", () => light(-1));
  svg.addEventListener("click", (event) => {
    const index = indexOf(event.target);
    if (index < 0) return;
    list.open = true;
    rows[index].focus();
  });
  rows.forEach((row, index) => {
    for (const enter of ["pointerenter", "focus"]) row.addEventListener(enter, () => light(index));
    for (const leave of ["pointerleave", "blur"]) row.addEventListener(leave, () => light(-1));
  });
  sortable(table);
  roving(table, rows, (_, row, key) => ({ ArrowUp: row.previousElementSibling ?? row, ArrowDown: row.nextElementSibling ?? row })[key]);
  molecule.append(readout, list);
}

// --- what is wider than its place: a tab stop, and a word that says so, only while it is ----------------------

const widths = new ResizeObserver((entries) => new Set(entries.flatMap(({ target }) => target.closest(".scroll") ?? [])).forEach((scroll) => {
  const wide = scroll.scrollWidth > scroll.clientWidth + 1;
  scroll.classList.toggle("scrolls", wide);
  wide ? scroll.setAttribute("tabindex", 0) : scroll.removeAttribute("tabindex");
}));
const watched = (scroll) => [scroll, scroll.firstElementChild].forEach((item) => widths.observe(item));

// --- a large view of any figure ------------------------------------------------------------------------------

function enlargeable(figure) {
  const dialog = make("dialog", { ariaLabel: figure.querySelector("figcaption b").textContent });
  const close = make("button", { type: "button", className: "close", textContent: tr("Close") });
  const open = make("button", { type: "button", className: "enlarge", textContent: tr("Enlarge") });
  const place = make("span", { hidden: true });
  dialog.append(close);
  open.addEventListener("click", () => {
    figure.before(place);
    dialog.append(figure);
    dialog.showModal();
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    place.replaceWith(figure);
    open.focus();
  });
  document.body.append(dialog);
  figure.querySelector("figcaption").append(" ", open);
}
