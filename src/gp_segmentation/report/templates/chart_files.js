// Map and scatter as files: the practices they show as a table, and how they are drawn.

function drawingOf(chart) {
  const shown = chart.shown(), groups = new Set(shown.map(function (i) { return groupAt(data.rows[i], level); }));
  const axes = chart.equal ? [] : [document.getElementById("explore-axes").textContent];
  return {
    width: chart.width,
    height: chart.height + LINE * groups.size,
    // On white, whatever the page is on.
    paint: function (pen, left, top) {
      chart.fit(left, top);
      chart.paint(pen, LIGHT);
      chart.fit(0, 0);
      // Borders and practices around an area go on beyond the map: white again.
      pen.globalAlpha = 1;
      pen.fillStyle = "#fff";
      const right = left + chart.width, foot = top + chart.height, far = 1e4;
      [[0, 0, far, top], [0, top, left, far], [right, top, far, far], [0, foot, far, far]].forEach(function (box) { pen.fillRect(...box); });
      [...groups].sort(function (a, b) { return a - b; }).forEach(function (g, n) {
        const y = top + chart.height + LINE * (n + 0.8);
        pen.fillStyle = pen.strokeStyle = LIGHT.colour(g);
        mark(pen, data.groups[g][MARKER], left + 6, y - 4, 5);
        pen.fillStyle = "#0b0c0c";
        pen.font = "normal 12px sans-serif";
        pen.fillText(groupText(g), left + 18, y);
      });
    },
    above: [filterText() + ": " + withUnit(shown.length, "practice") + ", by " + data.levels[level], ...axes],
    below: ofRun()
  };
}

// Where a practice stands: metres on the National Grid, or scores on the two components.
function shownRows(chart) {
  const scale = chart.equal ? data.metres : 0.001, digits = chart.equal ? 0 : 3;
  const places = chart.equal ? ["easting", "northing"] : ["component_1", "component_2"];
  const names = ["practice_code", "practice_name", "integrated_care_board", data.levels[level], "name", "list_size", ...places];
  const rows = chart.shown().map(function (i) {
    const r = data.rows[i], group = data.groups[groupAt(r, level)];
    const at = [chart.places.x[i], chart.places.y[i]].map(function (v) { return (v * scale).toFixed(digits); });
    return [r[CODE], r[NAME], data.icbs[r[ICB]], group[CODE], group[NAME], r[PATIENTS], ...at];
  });
  return [names, ...rows];
}

charts.forEach(function (chart) {
  const name = chart.equal ? "practices_map" : "practices_scatter", part = document.getElementById(chart.canvas.id + "-data");
  part.querySelector(".downloads").hidden = false;
  part.querySelector(".csv").addEventListener("click", function () { saveFile(fileName(name, "csv"), "text/csv", csvText(shownRows(chart))); });
  ["png", "svg"].forEach(function (kind) {
    part.querySelector("." + kind).addEventListener("click", function () { saveDrawing(drawingOf(chart), name, kind); });
  });
});
