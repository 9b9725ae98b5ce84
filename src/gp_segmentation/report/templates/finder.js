"use strict";
(function () {
  var data = JSON.parse(document.getElementById("finder-data").textContent);
  var input = document.getElementById("finder-input");
  var list = document.getElementById("finder-results");
  var status = document.getElementById("finder-status");
  var SHOWN = 10;
  document.getElementById("find").hidden = false;

  function plain(text) {
    return text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
  }
  var keys = data.rows.map(function (row) {
    return plain(row[0] + " " + row[1]) + " " + plain(row[2]).replace(/ /g, "");
  });

  function cell(row, text, heading) {
    var element = document.createElement(heading ? "th" : "td");
    if (heading) { element.scope = "row"; }
    element.textContent = text;
    row.appendChild(element);
  }

  function show(row) {
    var line = document.createElement("tr");
    cell(line, row[0], true);
    cell(line, row[1]);
    cell(line, row[2]);
    cell(line, data.icbs[row[3]]);
    cell(line, row[4] + "  " + data.segments[row[4]] + (row[7] ? "" : " (assigned, not fitted)"));
    cell(line, row[5] ? String(row[5]) : "none");
    cell(line, row[6] < 0 ? "not known" : (row[6] / 1000).toFixed(2));
    list.appendChild(line);
  }

  function search() {
    var words = plain(input.value).split(" ").filter(Boolean);
    var joined = words.join("");
    list.textContent = "";
    if (joined.length < 2) {
      status.textContent = "Type at least two letters.";
      document.getElementById("finder-table").hidden = true;
      return;
    }
    var found = data.rows.filter(function (row, i) {
      return words.every(function (word) { return keys[i].indexOf(word) >= 0; }) ||
        keys[i].indexOf(joined) >= 0;
    });
    found.slice(0, SHOWN).forEach(show);
    document.getElementById("finder-table").hidden = found.length === 0;
    status.textContent = found.length + (found.length === 1 ? " practice" : " practices") +
      (found.length > SHOWN ? ", the first " + SHOWN + " are shown" : "");
  }
  input.addEventListener("input", search);
})();
