// The chosen area on the first screen: which segment it has more of than England, how sure that is, what follows.
const here = document.getElementById("here"), overview = document.getElementById("overview");

function counted(n, of, unit) { return n.toLocaleString("en-GB") + " of " + withUnit(of, unit) + " (" + percent(n, of) + ")"; }

// Lower end of the 95% interval of a share n / of (Wilson): what lies above England's share is more than chance.
function lowest(n, of) {
  const z2 = 3.8415, share = n / of;
  return (share + z2 / (2 * of) - Math.sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of * of)))) / (1 + z2 / of);
}

// Practices whose segment is clear, and those assessed.
function clarity(among) {
  const assessed = data.rows.filter(function (r, i) { return r[DOUBT] >= 0 && among(i); });
  return { clear: assessed.filter(function (r) { return r[DOUBT] === 0; }).length, all: assessed.length };
}

function showHere() {
  const name = areaName(boardName(filter.icb)), counts = countByGroup(SEGMENTS);
  const shown = areaOn() && counts.all > 0;
  document.getElementById("to-choose").hidden = shown;
  showShares(name, counts, shown);
  here.hidden = !shown;
  if (!shown) { return; }
  document.getElementById("here-title").textContent = name + ": " + withUnit(counts.all, "practice");
  const points = here.querySelector("ul"), point = function (text) { return element("li", text, points); };
  const segments = segmentGroups().filter(function (g) { return data.groups[g][NUMBER] > 0; });
  const of = function (by) { return segments.reduce(function (best, g) { return by(g) > by(best) ? g : best; }); };
  const most = of(function (g) { return counts.here[g] / counts.all - counts.england[g] / data.rows.length; });
  const more = lowest(counts.here[most], counts.all) > counts.england[most] / data.rows.length;
  const told = more ? most : of(function (g) { return counts.here[g]; }), sure = clarity(inArea);
  points.textContent = "";
  point(mixText(told, more, counts));
  if (sure.all) { point(sureText(sure, counts.all)); }
  adviceTexts(told, more, counts).forEach(point);
  const boards = similarBoards(segments);
  if (boards.length) { links(point("Boards with the most similar mix: "), boards.map(function (b) { return [boardName(b), function () { setBoard(data.icb_codes[b]); here.scrollIntoView(); }]; })); }
  const listed = [["its " + withUnit(counts.here[told], "practice") + " in " + data.groups[told][CODE], list(told, false)]];
  if (sure.all > sure.clear) { listed.push(["the " + (sure.all - sure.clear).toLocaleString("en-GB") + " without a clear segment, to compare with both", list(-1, true)]); }
  links(point("See "), [...listed, ["all its practices by network", list(-1, false)]]);
}

// As `short_icb`.
function boardName(b) { return (data.icbs[b] || "").replace(/^NHS | Integrated Care Board$| ICB$/g, ""); }

function mixText(g, more, counts) {
  const patients = counts.patients.reduce(function (sum, n) { return sum + n; }, 0);
  return (more ? "" : "Its mix of segments is much like England's. ") + counted(counts.here[g], counts.all, "practice") +
    (counts.here[g] === 1 ? " is in " : " are in ") + data.groups[g][CODE] + " (" + data.groups[g][NAME] + "), with " +
    percent(counts.patients[g], patients) + " of its patients; in England " + percent(counts.england[g], data.rows.length) + " of practices.";
}

function sureText(sure, all) {
  const everywhere = clarity(function () { return true; });
  return "How sure here: " + counted(sure.clear, sure.all, "practice") + " have a clear segment; in England " + percent(everywhere.clear, everywhere.all) + "." +
    (sure.all < all ? " The other " + (all - sure.all).toLocaleString("en-GB") + " (special practices, or in no segment) " + (all - sure.all === 1 ? "was" : "were") + " not assessed." : "");
}

// What the mix of the area is good for; `more`: it has more of this segment than chance gives.
function adviceTexts(g, more, counts) {
  const code = data.groups[g][CODE], conditions = data.conditions[data.groups[g][NUMBER]] || {};
  if (here.dataset.usable === undefined) { return ["Do not plan by these segments: below it says why."]; }
  if (!more) { return ["So England's average is a fair comparison for the area as a whole. Compare a single practice with its own segment."]; }
  const forAge = conditions.adjusted ? ", for their patients' age: " : ": ";
  const asked = [[conditions.more, " practices record more than England" + forAge, ". Ask whether services match."], [conditions.less, " practices record less than England" + forAge, ". Ask whether such patients are fewer, or not found."]];
  return [
    "Compare these practices with the " + (counts.england[g] - counts.here[g]).toLocaleString("en-GB") + " in " + code + " elsewhere, not with England's average.",
    ...asked.filter(function (part) { return part[0] && part[0].length; }).map(function (part) { return code + part[1] + part[0].join("; ") + part[2]; })
  ];
}

// The three boards whose shares of segments differ least from the chosen board's (sum of absolute differences).
function similarBoards(segments) {
  if (filter.icb < 0 || filter.pcn >= 0 || chosenGroups().length) { return []; }
  const counts = data.icbs.map(function () { return data.groups.map(function () { return 0; }); }), all = data.icbs.map(function () { return 0; });
  data.rows.forEach(function (r) { counts[r[ICB]][groupAt(r, SEGMENTS)] += 1; all[r[ICB]] += 1; });
  const distance = data.icbs.map(function (_, b) {
    return segments.reduce(function (sum, g) { return sum + Math.abs(counts[b][g] / all[b] - counts[filter.icb][g] / all[filter.icb]); }, 0);
  });
  return distance.map(function (_, b) { return b; }).filter(function (b) { return b !== filter.icb; })
    .sort(function (a, b) { return distance[a] - distance[b] || a - b; }).slice(0, 3);
}

// Show practices of the area by network: those of a segment (-1: all), or those without a clear one.
function list(group, withoutClear) {
  return function () {
    chosenGroup.value = group < 0 ? "" : groupCode(group);
    unclear.checked = withoutClear;
    order.column = BY_PCN;
    order.down = false;
    changeFilter();
    document.getElementById("area-status").focus();
  };
}

function links(parent, wanted) {
  wanted.forEach(function (one, n) {
    if (n) { parent.append("; "); }
    const button = element("button", one[0], parent);
    button.type = "button";
    button.className = "link";
    button.addEventListener("click", one[1]);
  });
}

// The area's share of each segment beside England's, with a mark where England's is.
function showShares(name, counts, shown) {
  Array.from(overview.rows).forEach(function (line, n) {
    const cell = line.cells[3];
    cell.hidden = !shown;
    if (!shown) { return; }
    cell.textContent = name + " (line: England)";
    if (!n) { return; }
    const g = data.groups.findIndex(function (_, i) { return groupCode(i) === line.dataset.code; });
    cell.dataset.name = name;
    cell.textContent = counts.here[g].toLocaleString("en-GB") + " (" + percent(counts.here[g], counts.all) + ")";
    const bar = element("span", null, cell);
    bar.className = "share";
    bar.setAttribute("aria-hidden", "true");
    element("i", null, bar).style.width = 100 * counts.here[g] / counts.all + "%";
    element("b", null, bar).style.left = 100 * counts.england[g] / data.rows.length + "%";
  });
}

document.addEventListener("filter", showHere);
if (location.hash.indexOf("=") >= 0) { readAddress(); } else { changeFilter(); }
