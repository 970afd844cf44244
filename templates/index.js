// Filters of the list of runs; without scripts all of them are shown.

const tr = (text, values = {}) => words[text].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const runs = [...document.querySelectorAll(".run")];
const controls = document.getElementById("controls");
const count = document.getElementById("count");
const whole = count.textContent;
const titles = new Map(runs.map((run) => [run, JSON.parse(run.dataset.chapters)]));

function choice(label, options) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  select.append(new Option(label, ""), ...options.map(([option, value]) => new Option(option, value)));
  return select;
}

const search = Object.assign(document.createElement("input"), { type: "search", placeholder: tr("Find in all runs") });
search.setAttribute("aria-label", tr("Find in all runs"));
const chapters = [...new Set([...titles.values()].flat())].filter(Boolean).sort();
const subject = choice(
  tr("All chapters"),
  chapters.map((title) => [title, title]),
);
const verdict = choice(tr("All verdicts"), [...new Map(runs.map((run) => [run.dataset.judged, run.dataset.verdict]))]);

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
  count.textContent = left === runs.length ? whole : tr("{left} of {all} runs.", { left, all: runs.length });
}

if (runs.length) {
  controls.append(search, subject, verdict);
  [search, subject, verdict].forEach((control) => control.addEventListener("input", filter));
}
