// Pictures out of checked data alone: the journey as lanes of places over time, and the QR code.
const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;
}

// One thing is at one place: its way goes from event to event.
function wayOfOne(stops, x, y) {
  let path = "";
  stops.forEach((line, at) => {
    if (at && y(line) !== y(stops[at - 1])) path += `L${x(stops[at - 1])} ${y(stops[at - 1])}`;
    path += `${at ? "L" : "M"}${x(line)} ${y(line)}`;
  });
  return path;
}

// Some of a lot may be at several places at once: only what was shipped and then received there joins two lanes.
function wayOfMany(stops, lanes, x, y) {
  let path = "";
  for (const place of lanes) {
    const here = stops.filter((line) => line.event.place === place);
    path += `M${x(here[0])} ${y(here[0])}L${x(here[here.length - 1])} ${y(here[0])}`;
  }
  stops.forEach((line, at) => {
    const { place, step } = line.event;
    const sent = step !== "receiving" ? null : stops.slice(0, at).reverse().find((one) => one.event.step === "shipping"
      && ends(one.event, "destinationList", "destination").some((target) => target.uri === place));
    if (sent) path += `M${x(sent)} ${y(sent)}L${x(line)} ${y(line)}`;
  });
  return path;
}

// One lane a place, in the order of the journey; time runs to the right. `lines` are those of historyOf.
function drawJourney(lines, item, width, nameOf) {
  const stops = lines.filter((line) => line.event.place && !line.withdrawn);
  if (stops.length < 2) return null;
  const lanes = [...new Set(stops.map((line) => line.event.place))];
  const first = stops[0].event.moment[0], span = stops[stops.length - 1].event.moment[0] - first || 1;
  const left = 12, right = 12, lane = 44, top = 26, height = top + lanes.length * lane + 22;
  const x = (line) => left + ((line.event.moment[0] - first) / span) * (width - left - right);
  const y = (line) => top + lanes.indexOf(line.event.place) * lane;
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The journey" });
  lanes.forEach((place, at) => {
    const level = top + at * lane;
    picture.append(draw("line", { x1: 0, x2: width, y1: level, y2: level, class: "lane" }));
  });
  const many = stops.some((line) => line.event.mentions.some((one) => one.uri === item && one.quantity));
  picture.append(draw("path", { d: many ? wayOfMany(stops, lanes, x, y) : wayOfOne(stops, x, y), class: "way" }));
  lanes.forEach((place, at) => {  // after the way, so that it does not run through the names
    const name = cut(nameOf(place), Math.floor(width / 8));
    picture.append(draw("text", { x: 2, y: top + at * lane + 19, class: "place" }, name));
  });
  for (const line of stops) {
    const dot = draw("circle", { cx: x(line), cy: y(line), r: 4.5, class: line.parent ? "inside" : "self" });
    dot.append(draw("title", {}, `${wordOf(line.event.step)} at ${nameOf(line.event.place)}`));
    picture.append(dot);
  }
  const day = (line) => line.event.body.get("eventTime").slice(0, 10);
  const base = height - 6;
  picture.append(draw("text", { x: left - 10, y: base, class: "day" }, day(stops[0])));
  picture.append(draw("text", { x: width, y: base, class: "day", "text-anchor": "end" }, day(stops[stops.length - 1])));
  return picture;
}

function drawQr(text) {
  const rows = qrMatrix(text);
  if (!rows) return null;
  const size = rows.length + 8;
  const path = rows.flatMap((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const picture = draw("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "QR code", class: "qr" });
  picture.append(draw("rect", { width: size, height: size, class: "paper" }), draw("path", { d: path, class: "ink" }));
  return picture;
}
