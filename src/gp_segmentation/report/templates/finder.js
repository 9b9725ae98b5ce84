// Search for practices, and show the profile of one.
const MAX_SHOWN = 10;
const input = document.getElementById("finder-input");
const keys = data.rows.map(function (r) { return plain(r[CODE] + " " + r[NAME]) + " " + plain(r[POSTCODE]).replace(/ /g, ""); });
const sorted = {};
document.getElementById("find").hidden = document.getElementById("to-find").hidden = false;
input.addEventListener("input", search);

// Letters and digits of every language, without accents: "ty gwyr" finds Tŷ Gŵyr.
function plain(text) { return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim(); }

// A practice's groups, the coarsest first, a line each.
function ownGroups(r) {
  const lines = element("span");
  lines.className = "lines";
  groupsOf(r, 0, data.levels.length - 1).forEach(function (g) { element("span", groupText(g), lines); });
  if (!r[FITTED]) { element("span", "(assigned, not fitted)", lines); }
  return lines;
}

function certainty(r) {
  if (!segmented(r)) { return "none"; }
  if (r[CERTAINTY] >= 0) { return "in its segment in " + r[CERTAINTY] + "% of redrawn samples"; }
  return r[FITTED] ? "not measured" : "not measured: assigned, not fitted";
}

function margin(r) {
  if (!segmented(r)) { return "none"; }
  return r[MARGIN] < 0 ? "not known" : (r[MARGIN] / 1000).toFixed(2);
}

function search() {
  const words = plain(input.value).split(" ").filter(Boolean);
  const joined = words.join("");
  const status = document.getElementById("finder-status");
  const table = document.getElementById("finder-table");
  const list = document.getElementById("finder-results");
  list.textContent = "";
  table.hidden = true;
  if (joined.length < 2) {
    status.textContent = "Type at least two letters.";
    return;
  }
  const found = [];
  keys.forEach(function (key, i) {
    if (words.every(function (word) { return key.indexOf(word) >= 0; }) || key.indexOf(joined) >= 0) { found.push(i); }
  });
  found.slice(0, MAX_SHOWN).forEach(function (i) {
    const r = data.rows[i];
    row(list, [practiceButton(i), r[NAME], r[POSTCODE], data.icbs[r[ICB]], ownGroups(r), r[SECOND] < 0 ? "none" : data.groups[r[SECOND]][CODE], margin(r), certainty(r)], [6]);
  });
  table.hidden = found.length === 0;
  status.textContent = withUnit(found.length, "practice") +
    (found.length > MAX_SHOWN ? "; the first " + MAX_SHOWN + " are shown" : "");
}

// Percent of practices with a lower value; unknown values do not count, equal ones count half.
function percentile(f, value) {
  if (!sorted[f]) {
    sorted[f] = data.features[f].values.filter(function (v) { return v !== null; }).sort(function (a, b) { return a - b; });
  }
  let below = 0, equal = 0;
  sorted[f].forEach(function (v) { if (v < value) { below += 1; } else if (v === value) { equal += 1; } });
  return Math.round(100 * (below + equal / 2) / sorted[f].length);
}

function percentileBar(percent) {
  const both = element("span");
  const bar = element("span", null, both);
  bar.className = "percentile";
  bar.setAttribute("aria-hidden", "true");
  element("i", null, bar).style.left = percent + "%";
  element("span", percent + "%", both);
  return both;
}

function showPractice(i) {
  const r = data.rows[i];
  document.getElementById("practice").hidden = false;
  const heading = document.getElementById("practice-title");
  heading.textContent = r[CODE] + "  " + r[NAME];
  const facts = document.getElementById("practice-facts");
  facts.textContent = "";
  const placed = segmented(r) ? [
    ...data.levels.map(function (name, l) { return [capital(name), groupText(groupAt(r, l))]; }),
    ["Certainty", certainty(r)],
    ["Next nearest segment", r[SECOND] < 0 ? "none" : groupText(r[SECOND])],
    ["Margin", margin(r)]
  ] : [["Segment", groupText(r[GROUP])]];
  [
    ...placed,
    ["Integrated care board", data.icbs[r[ICB]]],
    ["Registered patients", r[PATIENTS].toLocaleString("en-GB")]
  ].forEach(function (fact) {
    const group = element("div", null, facts);
    element("dt", fact[0], group);
    element("dd", fact[1], group);
  });
  fill("practice-profile", data.features.map(function (f, n) {
    const value = f.values[i];
    const mean = f.segments[data.groups[groupAt(r, SEGMENTS)][NUMBER]];
    return [f.label, inUnit(value, f.unit), segmented(r) ? inUnit(mean, f.unit) : "none", inUnit(f.england, f.unit),
      value === null ? "" : percentileBar(percentile(n, value))];
  }), [1, 2, 3]);
  const peers = [];
  for (let n = 0; n < data.peers[i].length; n += 2) { peers.push([data.peers[i][n], data.peers[i][n + 1]]); }
  fill("practice-peers", peers.map(function (peer) {
    const p = data.rows[peer[0]];
    return [practiceButton(peer[0]), p[NAME], data.icbs[p[ICB]], data.groups[p[GROUP]][CODE], peer[1] < 0 ? "not known" : peer[1] + "%"];
  }), [4]);
  fill("practice-gains", data.gains[i].map(function (gain) {
    const indicator = data.indicators[gain[0]];
    const range = gain.length > 3 ? gain[2].toLocaleString("en-GB") + " to " + gain[3].toLocaleString("en-GB") : "not known";
    return [indicator[0], indicator[1], gain[1].toLocaleString("en-GB"), range];
  }), [2, 3]);
  heading.focus();
  document.dispatchEvent(new CustomEvent("practice", { detail: i }));
}

function fill(name, lines, numeric) {
  const body = document.getElementById(name);
  body.textContent = "";
  lines.forEach(function (line) { row(body, line, numeric); });
  document.getElementById(name + "-part").hidden = lines.length === 0;
}
