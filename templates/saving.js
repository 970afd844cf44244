"use strict";
// Figures and tables as files of their own. Nothing is fetched: a figure is what is seen of it.

const tool = (text, click, label = "") => {
  const button = make("button", { type: "button", className: "enlarge", textContent: text });
  if (label) button.ariaLabel = label;
  button.addEventListener("click", click);
  return button;
};

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// --- tables: as tasks/records/spreadsheet.py writes them -------------------------------------------------------

const NUMBER = /^([+-]?(\d[\d,]*)?\.?\d+(e[+-]?\d+)?%?|[+-]?inf)$/i;

// One kind of minus is printed, spreadsheets know another; and a text that one would run begins with an apostrophe.
function field(text) {
  const plain = text.trim().replace(/\s+/g, " ").replaceAll("−", "-");
  const inert = /^[=+\-@＝＋－＠]/.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

// The rows that are seen, in the order in which they stand.
function tableText(table) {
  const rows = [...table.tHead.rows, ...table.tBodies[0].rows].filter((row) => !row.hidden);
  return rows.map((row) => [...row.cells].map((cell) => field(cell.textContent)).join(",") + "\r\n").join("");
}

const saveTable = (table) => save(new Blob([tableText(table)], { type: "text/csv" }), `${table.id || "table"}.csv`);

// --- figures ----------------------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const drawn = (tag, properties = {}, ...children) => {
  const node = document.createElementNS(SVG, tag);
  Object.entries(properties).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
};
const INK = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin", "opacity", "paint-order", "text-anchor", "dominant-baseline", "font-family", "font-size", "font-weight", "font-style"];
const NOT_SEEN = ".controls, .readout, .cursor, figcaption, button, details, title, [hidden]";

// A vector picture with the colours and letters that the page gives it, at its place.
function vector(svg, box) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => all("*", root));
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    INK.forEach((name) => style.getPropertyValue(name) && to[i].style.setProperty(name, style.getPropertyValue(name)));
  });
  all("[hidden]", copy).forEach((node) => node.remove());
  const { x, y, width, height } = svg.viewBox.baseVal ?? { x: 0, y: 0, ...box };
  const place = { x: box.x, y: box.y, width: box.width, height: box.height, viewBox: `${x} ${y} ${width} ${height}` };
  Object.entries(place).forEach(([name, value]) => copy.setAttribute(name, value));
  const ground = getComputedStyle(svg).backgroundColor;
  return ground.startsWith("rgba") ? [copy] : [drawn("rect", { ...place, fill: ground }), copy];
}

// Pixels stay squares. The policy of the page forbids style attributes, not styles.
function raster(image, box) {
  const node = drawn("image", { ...box, href: asPNG(image), preserveAspectRatio: "none" });
  node.style.imageRendering = "pixelated";
  return [node, drawn("rect", { ...box, fill: "none", stroke: getComputedStyle(image).borderTopColor })];
}

// The page holds pictures as WebP where that is smaller, which few programs know in an SVG.
function asPNG(image) {
  if (image.tagName === "CANVAS") return image.toDataURL();
  const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL();
}

// Each word where it stands: a picture knows no lines.
function lettered(text) {
  const style = getComputedStyle(text.parentElement);
  return [...text.data.matchAll(/\S+/g)].map((word) => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const { x, y, width, height } = range.getBoundingClientRect();
    const look = { "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight, "font-style": style.fontStyle, fill: style.color };
    return drawn("text", { x, y: y + height / 2, "dominant-baseline": "central", textLength: width, lengthAdjust: "spacingAndGlyphs", ...look }, word[0]);
  });
}

// All that is seen of a figure but what works it, as one vector picture on the ground of the page.
function picture(figure) {
  const parts = [];
  const boxes = [];
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return lettered(node).forEach((word) => (parts.push(word), boxes.push(wordBox(word))));
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(NOT_SEEN)) return;
    if (!["svg", "IMG", "CANVAS"].includes(node.tagName)) return node.childNodes.forEach(visit);
    const { x, y, width, height } = node.getBoundingClientRect();
    if (!width) return;
    boxes.push({ x, y, width, height });
    parts.push(...(node.tagName === "svg" ? vector : raster)(node, { x, y, width, height }));
  };
  figure.childNodes.forEach(visit);
  const [left, top] = ["x", "y"].map((side) => Math.min(...boxes.map((box) => box[side])) - 8);
  const [right, bottom] = [["x", "width"], ["y", "height"]].map(([side, size]) => Math.max(...boxes.map((box) => box[side] + box[size])) + 8);
  const [width, height] = [right - left, bottom - top];
  const ground = getComputedStyle(document.documentElement).backgroundColor;
  const faces = document.querySelector("style").textContent.match(/@font-face\s*\{[^}]*\}/g) ?? [];
  return drawn("svg", { xmlns: SVG, width, height, viewBox: `${left} ${top} ${width} ${height}` },
    drawn("title", {}, captionOf(figure)), drawn("style", {}, faces.join("")),
    drawn("rect", { x: left, y: top, width, height, fill: ground }), ...parts);
}
const wordBox = (word) => {
  const [x, middle, width, size] = ["x", "y", "textLength", "font-size"].map((name) => parseFloat(word.getAttribute(name)));
  return { x, y: middle - size / 2, width, height: size };
};

// What is said below a figure, without what works it.
function captionOf(figure) {
  const caption = figure.querySelector("figcaption").cloneNode(true);
  all("button", caption).forEach((button) => button.remove());
  return caption.textContent.trim();
}

const source = (figure) => new XMLSerializer().serializeToString(picture(figure));
const saveVector = (figure) => save(new Blob([source(figure)], { type: "image/svg+xml" }), `${figure.id}.svg`);

async function pixelled(figure, scale = 2) {
  const image = make("img", { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source(figure))}` });
  await image.decode();
  const canvas = make("canvas", { width: Math.ceil(scale * image.width), height: Math.ceil(scale * image.height) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
const savePixels = async (figure) => (await pixelled(figure)).toBlob((blob) => save(blob, `${figure.id}.png`));

function savable(figure) {
  const name = figure.querySelector("figcaption b").textContent.replace(/\.$/, "");
  const tools = [["SVG", saveVector], ["PNG", savePixels]].map(([kind, write]) => tool(kind, () => write(figure), tr("{figure} as {kind}", { figure: name, kind })));
  tools.forEach((button) => figure.querySelector("figcaption").append(" ", button));
}
