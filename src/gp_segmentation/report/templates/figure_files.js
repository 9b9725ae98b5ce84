// The table of a figure as CSV, and the figure as PNG and SVG.

function tableRows(table) {
  return Array.from(table.rows, function (line) {
    return Array.from(line.cells, function (cell) {
      return cell.tagName === "TD" && cell.className === "n" ? cell.textContent.replace(/,/g, "") : cell.textContent;
    });
  });
}

// The drawing as the page has it: gzip in base64.
function unzipped(text) {
  const bytes = Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function pictureOf(figure) {
  const picture = figure.querySelector("img"), width = picture.naturalWidth / SHARPNESS, height = picture.naturalHeight / SHARPNESS;
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return {
    width: width, height: height, paint: function (pen, left, top) { pen.drawImage(canvas, left, top, width, height); },
    above: [picture.alt.split(". ")[0]], below: [figure.querySelector("figcaption").firstChild.textContent, document.querySelector("main").dataset.file]
  };
}

document.querySelectorAll("figure + .chart-data").forEach(function (part) {
  const figure = part.previousElementSibling, name = part.id.replace("-data", ""), zip = part.querySelector(".svg").dataset.drawing;
  part.querySelector(".downloads").hidden = false;
  part.querySelector(".csv").addEventListener("click", function () {
    saveFile(fileName(name, "csv"), "text/csv", csvText(tableRows(part.querySelector("table"))));
  });
  part.querySelector(".png").addEventListener("click", function () { saveDrawing(pictureOf(figure), name, "png"); });
  part.querySelector(".svg").addEventListener("click", function () {
    // A figure that is mostly pixels has no drawing of its own in the page.
    if (!zip || !window.DecompressionStream) { saveDrawing(pictureOf(figure), name, "svg"); return; }
    unzipped(zip).then(function (svg) { saveFile(fileName(name, "svg"), "image/svg+xml", svg); });
  });
});
