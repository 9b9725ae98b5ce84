// Saves a drawing as PNG or SVG, with its words around it: a file tells by itself what it shows, and of what.
const LINE = 18, LETTER = 6.4, EDGE = 16; // pixels: height of a line, width of a letter, space around all
const SHARPNESS = 150 / 96; // pixels of a PNG for one of the page

// What drawings use of a canvas's pen, written as SVG.
function SvgPen() {
  const pen = { parts: [], fillStyle: "", strokeStyle: "", lineWidth: 1, globalAlpha: 1, font: "" };
  const at = function (x, y) { return x.toFixed(1) + " " + y.toFixed(1); };
  const rectangle = function (x, y, w, h) { return ["x", "y", "width", "height"].map(function (name, n) { return " " + name + '="' + Number([x, y, w, h][n].toFixed(1)) + '"'; }).join(""); };
  const add = function (shape) { pen.parts.push("<" + shape + (pen.globalAlpha < 1 ? ' opacity="' + pen.globalAlpha + '"/>' : "/>")); };
  let path = "";
  pen.beginPath = function () { path = ""; };
  pen.moveTo = function (x, y) { path += "M" + at(x, y); };
  pen.lineTo = function (x, y) { path += (path ? "L" : "M") + at(x, y); };
  pen.closePath = function () { path += "Z"; };
  // Only whole circles are drawn.
  pen.arc = function (x, y, r) {
    path += "M" + at(x - r, y) + [2, -2].map(function (step) { return "a" + at(r, r) + " 0 1 0 " + at(step * r, 0); }).join("");
  };
  pen.fill = function () { add('path d="' + path + '" fill="' + pen.fillStyle + '"'); };
  pen.stroke = function () { add('path d="' + path + '" fill="none" stroke="' + pen.strokeStyle + '" stroke-width="' + pen.lineWidth + '"'); };
  pen.fillRect = function (x, y, w, h) { add("rect" + rectangle(x, y, w, h) + ' fill="' + pen.fillStyle + '"'); };
  pen.drawImage = function (canvas, x, y, w, h) { add("image" + rectangle(x, y, w, h) + ' href="' + canvas.toDataURL() + '"'); };
  const write = function (text, x, y, paint) {
    const safe = text.replace(/[&<>]/g, function (sign) { return "&#" + sign.charCodeAt(0) + ";"; });
    pen.parts.push('<text x="' + x + '" y="' + y + '" ' + paint + ' style="font:' + pen.font + ';white-space:pre">' + safe + "</text>");
  };
  pen.fillText = function (text, x, y) { write(text, x, y, 'fill="' + pen.fillStyle + '"'); };
  pen.strokeText = function (text, x, y) { write(text, x, y, 'fill="none" stroke="' + pen.strokeStyle + '" stroke-width="' + pen.lineWidth + '" stroke-linejoin="round"'); };
  return pen;
}

function wrapped(texts, width) {
  const letters = Math.floor(width / LETTER), lines = [];
  texts.forEach(function (text) {
    let line = "";
    text.trim().split(/\s+/).forEach(function (word) {
      if (line && (line + " " + word).length > letters) { lines.push(line); line = ""; }
      line += (line ? " " : "") + word;
    });
    if (line) { lines.push(line); }
  });
  return lines;
}

// What is not real on this page, the source, and the run.
function ofRun() {
  return [...Array.from(document.querySelectorAll("header .synthetic, footer p:not(.small)"), function (part) { return part.textContent; }), document.querySelector("main").dataset.file];
}

// `content`: width, height and paint(pen, left, top) of a drawing, and the texts above and below it.
function saveDrawing(content, name, kind) {
  const above = wrapped(content.above, content.width), below = wrapped(content.below, content.width);
  const top = EDGE + LINE * above.length, width = content.width + 2 * EDGE, height = top + content.height + LINE * (below.length + 1) + EDGE;
  const draw = function (pen) {
    const write = function (text, line, weight) { pen.fillStyle = "#0b0c0c"; pen.font = weight + " 12px sans-serif"; pen.fillText(text, EDGE, line); };
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, height);
    content.paint(pen, EDGE, top);
    pen.globalAlpha = 1;
    above.forEach(function (text, n) { write(text, EDGE + LINE * (n + 0.6), "bold"); });
    below.forEach(function (text, n) { write(text, top + content.height + LINE * (n + 1.2), "normal"); });
  };
  if (kind === "svg") {
    const pen = SvgPen(), size = ["width", "height"].map(function (side, n) { return side + '="' + [width, height][n] + '"'; }).join(" ");
    draw(pen);
    saveFile(fileName(name, kind), "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" ' + size + ' viewBox="0 0 ' + width + " " + height + '">' + pen.parts.join("\n") + "</svg>\n");
    return;
  }
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  canvas.width = Math.round(width * SHARPNESS);
  canvas.height = Math.round(height * SHARPNESS);
  pen.scale(SHARPNESS, SHARPNESS);
  draw(pen);
  canvas.toBlob(function (png) { saveFile(fileName(name, kind), "image/png", png); });
}
