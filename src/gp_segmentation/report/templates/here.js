// The chosen area on the first screen: which segment it has more of than England, how sure that is, what to do.
const here = document.getElementById("here"), overview = document.getElementById("overview");

function counted(n, of, unit) { return n.toLocaleString("en-GB") + " of " + withUnit(of, unit) + " (" + percent(n, of) + ")"; }

// Lower end of the 95% interval of a share n / of (Wilson): what lies above England's share is more than chance.
function lowest(n, of) {
  const z2 = 3.8415, share = n / of;
  return (share + z2 / (2 * of) - Math.sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of * of)))) / (1 + z2 / of);
}

// Practices whose segment is clear, and those assessed.
function clarity(among) {
  const assessed = data.rows.filter(function (r, i) { return r[CLEAR] >= 0 && among(i); });
  return { clear: assessed.filter(function (r) { return r[CLEAR] === 1; }).length, all: assessed.length };
}

function showHere() {
  const name = areaName((data.icbs[filter.icb] || "").replace(/^NHS | Integrated Care Board$| ICB$/g, "")); // as `short_icb`
  const counts = countByGroup(SEGMENTS), england = function (g) { return counts.england[g] / data.rows.length; };
  const shown = areaOn() && counts.all > 0;
  showShares(name, counts, england, shown);
  here.hidden = !shown;
  if (!shown) { return; }
  document.getElementById("here-title").textContent = name + ": " + withUnit(counts.all, "practice");
  const points = here.querySelector("ul"), point = function (text) { return element("li", text, points); };
  const segments = data.groups.map(function (_, g) { return g; }).filter(function (g) { return data.groups[g][LEVEL] === SEGMENTS && data.groups[g][NUMBER] > 0; });
  const of = function (by) { return segments.reduce(function (best, g) { return by(g) > by(best) ? g : best; }); };
  const most = of(function (g) { return counts.here[g] / counts.all - england(g); });
  const more = lowest(counts.here[most], counts.all) > england(most), told = more ? most : of(function (g) { return counts.here[g]; });
  points.textContent = "";
  point((more ? "" : "Its mix of segments is much like England's. ") + counted(counts.here[told], counts.all, "practice") +
    (counts.here[told] === 1 ? " is in " : " are in ") + data.groups[told][CODE] + " (" + data.groups[told][NAME] + "); in England " + percent(counts.england[told], data.rows.length) + ".");
  const sure = clarity(inArea), everywhere = clarity(function () { return true; });
  if (sure.all) { point("How sure here: " + counted(sure.clear, sure.all, "practice") + (sure.all < counts.all ? " assessed" : "") + " have a clear segment; in England " + percent(everywhere.clear, everywhere.all) + "."); }
  point(advice(told, more, counts));
  const links = element("li", "See ", points), listed = listing(links);
  links.className = "listed";
  listed("its " + withUnit(counts.here[told], "practice") + " in " + data.groups[told][CODE], told, false);
  if (sure.all > sure.clear) { listed("the " + (sure.all - sure.clear).toLocaleString("en-GB") + " without a clear segment", -1, true); }
  listed("all its practices by network", -1, false);
}

// What the mix of the area is good for; `more`: it has more of this segment than chance gives.
function advice(g, more, counts) {
  const code = data.groups[g][CODE], elsewhere = counts.england[g] - counts.here[g];
  if (here.dataset.usable === undefined) { return "Do not plan by these segments: below it says why."; }
  if (!more) { return "So England's average is a fair comparison for the area as a whole. Compare a single practice with its own segment."; }
  return "So compare these practices with the " + elsewhere.toLocaleString("en-GB") + " in " + code + " elsewhere, not with England's average, and plan for what sets " + code + " apart (its row below).";
}

// Add buttons that show practices of the area, by network.
function listing(parent) {
  return function (text, group, withoutClear) {
    if (parent.childElementCount) { parent.append("; "); }
    const button = element("button", text, parent);
    button.type = "button";
    button.className = "link";
    button.addEventListener("click", function () {
      chosenGroup.value = group < 0 ? "" : groupCode(group);
      unclear.checked = withoutClear;
      order.column = BY_PCN;
      order.down = false;
      changeFilter();
      document.getElementById("area-title").focus();
    });
  };
}

// The area's share of each segment beside England's, with a mark where England's is.
function showShares(name, counts, england, shown) {
  Array.from(overview.rows).forEach(function (line, n) {
    const cell = line.cells[3];
    cell.hidden = !shown;
    if (!shown) { return; }
    cell.textContent = name;
    if (!n) { return; }
    const g = data.groups.findIndex(function (_, i) { return groupCode(i) === line.dataset.code; });
    cell.dataset.name = name;
    cell.textContent = counts.here[g].toLocaleString("en-GB") + " (" + percent(counts.here[g], counts.all) + ")";
    const bar = element("span", null, cell);
    bar.className = "share";
    bar.setAttribute("aria-hidden", "true");
    element("i", null, bar).style.width = 100 * counts.here[g] / counts.all + "%";
    element("b", null, bar).style.left = 100 * england(g) + "%";
  });
}

document.addEventListener("filter", showHere);
if (location.hash.indexOf("=") >= 0) { readAddress(); } else { changeFilter(); }
