// The chosen area on the first screen: which segment it has more of than England, how sure that is, what follows.
const here = document.getElementById("here"), overview = document.getElementById("overview");
const OFTEN = 0.1; // share of the area's practices from which a segment's conditions are told

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
  const segments = segmentGroups().filter(function (g) { return data.groups[g][NUMBER] > 0; });
  const of = function (by) { return segments.reduce(function (best, g) { return by(g) > by(best) ? g : best; }); };
  const most = of(function (g) { return counts.here[g] / counts.all - counts.england[g] / data.rows.length; });
  const more = lowest(counts.here[most], counts.all) > counts.england[most] / data.rows.length;
  const told = more ? most : of(function (g) { return counts.here[g]; }), sure = clarity(inArea);
  document.getElementById("here-title").textContent = name + ": " + withUnit(counts.all, "practice");
  fillPoints("here-found", [mixText(told, more, counts), sureText(sure, counts.all), networksText(told)]);
  const unsure = here.dataset.usable === undefined;
  const asked = unsure ? [] : [compareText(told, more, counts), recordedTexts(told, segments, counts)];
  const unclearText = sure.all > sure.clear ? "Compare the " + withUnit(sure.all - sure.clear, "practice") + " without a clear segment with both of their segments." : "";
  fillPoints("here-asked", unsure ? ["Do not plan by these segments: below it says why."] : [...asked, unclearText]);
  const boards = similarBoards(segments), similar = document.getElementById("here-boards");
  similar.hidden = !boards.length;
  links(similar, "Boards with the most similar mix, to compare with: ", boards.map(function (b) { return [boardName(b), function () { setBoard(data.icb_codes[b]); here.scrollIntoView(); }]; }));
  links(document.getElementById("here-lists"), "See ", [
    ["its " + withUnit(counts.here[told], "practice") + " in " + data.groups[told][CODE], list(told, false)],
    ...(sure.all > sure.clear ? [["the " + (sure.all - sure.clear).toLocaleString("en-GB") + " without a clear segment", list(-1, true)]] : []),
    ["all its practices by network", list(-1, false)]
  ]);
}

// As `short_icb`.
function boardName(b) { return (data.icbs[b] || "").replace(/^NHS | Integrated Care Board$| ICB$/g, ""); }

// A text is a point; a list has its own points below its first text.
function fillPoints(id, points) {
  const whole = document.getElementById(id);
  whole.textContent = "";
  points.filter(function (point) { return point.length; }).forEach(function (point) {
    const item = element("li", typeof point === "string" ? point : point[0], whole);
    if (typeof point === "string") { return; }
    const inner = element("ul", null, item);
    point.slice(1).forEach(function (text) { element("li", text, inner); });
  });
}

function mixText(g, more, counts) {
  const patients = counts.patients.reduce(function (sum, n) { return sum + n; }, 0);
  return (more ? "" : "The mix of segments is much like England's. ") + counted(counts.here[g], counts.all, "practice") +
    (counts.here[g] === 1 ? " is in " : " are in ") + data.groups[g][CODE] + " (" + data.groups[g][NAME] + "), with " +
    percent(counts.patients[g], patients) + " of the area's patients; in England " + percent(counts.england[g], data.rows.length) + " of practices.";
}

function sureText(sure, all) {
  if (!sure.all) { return ""; }
  const everywhere = clarity(function () { return true; });
  const rest = data.rows.filter(function (r, i) { return inArea(i) && r[DOUBT] < 0; });
  const none = rest.filter(function (r) { return !segmented(r); }).length, special = rest.length - none;
  const kinds = [special ? withUnit(special, "special practice") : "", none ? withUnit(none, "practice") + " in no segment" : ""].filter(Boolean);
  return "How sure here: " + counted(sure.clear, sure.all, "practice") + " have a clear segment; in England " + percent(everywhere.clear, everywhere.all) + "." +
    (rest.length ? " Not assessed: " + kinds.join(", ") + " (" + rest.slice(0, 5).map(function (r) { return r[NAME]; }).join(", ") + (rest.length > 5 ? " and others" : "") + ")." : "");
}

// How many of the area's networks have practices of one segment only, the largest first.
function networksText(g) {
  const all = byNetwork().filter(function (network) { return network[0] >= 0; });
  if (filter.pcn >= 0 || all.length < 2) { return ""; }
  const only = all.filter(function (network) { return network[1].every(function (i) { return groupAt(data.rows[i], SEGMENTS) === g; }); });
  const largest = only.sort(function (a, b) { return b[1].length - a[1].length; }).slice(0, 3).map(function (network) { return networkName(network[0]); });
  return only.length.toLocaleString("en-GB") + " of " + withUnit(all.length, "network") + (only.length === 1 ? " has" : " have") + " practices of " + data.groups[g][CODE] + " only" +
    (largest.length ? ", the largest: " + largest.join(", ") : "") + ".";
}

// What the mix of the area is good for; `more`: it has more of this segment than chance gives.
function compareText(g, more, counts) {
  const code = data.groups[g][CODE];
  if (!more) { return "England's average is a fair comparison for the area as a whole. Compare a single practice with its own segment."; }
  return "Compare the " + withUnit(counts.here[g], "practice") + " in " + code + " with the " + (counts.england[g] - counts.here[g]).toLocaleString("en-GB") + " elsewhere, not with England's average.";
}

// What the practices of the told segment, and of others that are often here, record more and less than England.
function recordedTexts(told, segments, counts) {
  const others = segments.filter(function (g) { return g !== told && counts.here[g] >= OFTEN * counts.all; });
  others.sort(function (a, b) { return counts.here[b] - counts.here[a]; });
  const texts = [told, ...others].map(function (g) { return conditionsText(g, counts.here[g]); }).filter(Boolean);
  const adjusted = Object.values(data.conditions).some(function (c) { return c.adjusted; });
  return texts.length ? ["Where more is recorded, ask whether services match; where less, whether such patients are fewer or not found" + (adjusted ? " (rates are adjusted for age and sex):" : ":"), ...texts] : "";
}

function conditionsText(g, practices) {
  const told = data.conditions[data.groups[g][NUMBER]], code = data.groups[g][CODE];
  const one = function (condition) {
    const mine = filter.pcn < 0 && chosenGroups().length === 0 && filter.icb >= 0 ? condition.boards[filter.icb] : null;
    return condition.name + " (" + (mine ? mine + " here, " : "") + condition.mean + " in all " + code + ", " + condition.england + " in England)";
  };
  const parts = ["more", "less"].filter(function (way) { return told[way].length; }).map(function (way) { return way + " " + told[way].map(one).join("; "); });
  return parts.length ? code + ", " + withUnit(practices, "practice") + ": " + parts.join("; ") + "." : "";
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

function links(parent, intro, wanted) {
  parent.textContent = intro;
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
    if (!n) {
      cell.textContent = name;
      element("span", " (line: England)", cell).className = "screen";
      return;
    }
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
