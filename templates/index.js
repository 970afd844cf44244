"use strict";
// Filters of the list of runs; without scripts all of them are shown.

const runs = [...document.querySelectorAll(".run")];
const controls = document.getElementById("controls");
const count = document.getElementById("count");
const whole = count.textContent;
const titles = new Map(runs.map((run) => [run, JSON.parse(run.dataset.chapters)]));

function choice(label, options) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  select.append(new Option(label, ""), ...options.map((option) => new Option(option, option)));
  return select;
}

const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find in all runs" });
search.setAttribute("aria-label", "Find in all runs");
const chapters = [...new Set([...titles.values()].flat())].filter(Boolean).sort();
const subject = choice("All chapters", chapters);
const verdict = choice("All verdicts", ["pass", "fail", "not assessed"]);

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const run of runs) {
    const text = run.textContent.toLowerCase();
    const wanted =
      words.every((word) => text.includes(word)) &&
      (!subject.value || titles.get(run).includes(subject.value)) &&
      (!verdict.value || run.dataset.verdict === verdict.value);
    run.hidden = !wanted;
  }
  const left = runs.filter((run) => !run.hidden).length;
  count.textContent = left === runs.length ? whole : `${left} of ${runs.length} runs.`;
}

if (runs.length) {
  controls.append(search, subject, verdict);
  [search, subject, verdict].forEach((control) => control.addEventListener("input", filter));
}
