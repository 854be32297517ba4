// Check the evidence that this page carries, and only then show what it says. Nothing that is shown was written before.
const OWN_CODE = /^https:\/\/([^/]+)\/(obj|class|lot|loc|party|bt|xform)\/([^/]+)$/;
const GS1_KEY = /^https:\/\/id\.gs1\.org((?:\/[0-9]{2,4}\/[^/?#]+)+)$/;
const REGION = (name) => document.getElementById(name);

function make(tag, words, ...children) {
  const node = document.createElement(tag);
  if (words) node.className = words;
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

function wordOf(uri) {
  return uri ? uri.split(/[/:#]/).pop().replace(/^(BizStep|Disp)-/, "").replaceAll("_", " ") : "event";
}

// A URI as people write it: the code alone where it is one of the signer's own, else with the domain that gave it.
function shortener(origin, names) {
  const plain = plainly(origin);
  return (given) => {
    const name = names.get(canonicalUri(given)) || names.get(productOf(canonicalUri(given)));
    return plain(given) + (name ? ` [${name}]` : "");
  };
}

// The product of a lot or an instance, where its identifier says so.
function productOf(uri) {
  const trade = /^https:\/\/id\.gs1\.org\/01\/[0-9]{14}/.exec(uri);
  const own = /^(https:\/\/[^/]+)\/lot\/([^/:]+):[^/]*$/.exec(uri);
  return trade ? trade[0] : own ? `${own[1]}/class/${own[2]}` : null;
}

// The names that master data gives, by identifier; the latest entry of each counts.
function namesIn(entries) {
  const names = new Map();
  for (const one of entries) {
    const body = one.kind === "master" ? one.entry.get("body") : null;
    const id = body instanceof Map && textOf(body.get("id"));
    if (id) names.set(canonicalUri(id), textOf(body.get("name")));
  }
  return names;
}

function plainly(origin) {
  const own = origin.split("/")[0];
  return (given) => {
    const uri = canonicalUri(given);
    try {
      const code = OWN_CODE.exec(uri);
      if (code) return decodeURIComponent(code[3]) + (code[1] === own ? "" : ` (${code[1]})`);
      const key = GS1_KEY.exec(uri);
      if (key) return key[1].replace(/\/([0-9]{2,4})\/([^/]+)/g, (_, ai, value) => `(${ai})${decodeURIComponent(value)}`);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
    return uri;
  };
}

function flatten(value, opened, path = "", secret = false) {
  if (value instanceof Map && value.size === 1 && value.has("_commit")) {
    const known = opened.get(value.get("_commit"));
    return known === undefined ? [[path, "withheld or erased; its commitment is in the signed bytes", "withheld"]]
      : flatten(known, opened, path, true);
  }
  const inner = (key, one) => flatten(one, opened, path ? `${path}.${key}` : String(key), secret);
  if (value instanceof Map) return [...value].flatMap(([key, one]) => inner(key, one));
  if (Array.isArray(value)) return value.flatMap((one, at) => inner(at, one));
  return [[path, value instanceof Numeral ? value.text : String(value), secret ? "secret" : ""]];
}

function quantityOf(line, item) {
  const found = line.event.mentions.find((one) => one.uri === item && one.quantity instanceof Numeral);
  const said = line.parent ? null : line.event.body.get("trace:quantity");
  const unit = found ? found.unit : textOf(line.event.body.get("trace:unit"));
  const amount = found ? found.quantity : said instanceof Numeral ? said : null;
  if (!amount) return null;
  const [one, several] = UNITS.get(unit) || [unit, unit];
  return unit ? `${amount.text} ${amount.text === "1" ? one : several}` : amount.text;
}

function ends(event, list, field) {
  return listOf(event.body.get(list)).filter((one) => one instanceof Map && textOf(one.get(field)))
    .map((one) => ({ role: wordOf(one.get("type")), uri: one.get(field) }))
    .filter((one) => one.role !== "location" || one.uri !== event.place);
}

function factsOf(line, item, nameOf) {
  const { event } = line;
  const facts = [];
  const say = (name, value) => { if (value) facts.push([name, value]); };
  const list = (all) => all.map((one) => nameOf(one.uri) + (one.role === "location" ? "" : ` (${one.role})`)).join(", ");
  say("quantity", quantityOf(line, item));
  say("state", event.disposition && wordOf(event.disposition));
  say("inside", line.parent && nameOf(line.parent));
  const whither = { ADD: "into", DELETE: "out of" }[event.action] || "with";
  if (!line.parent && event.container && event.container !== item) say(whither, nameOf(event.container));
  say("from", list(ends(event, "sourceList", "source")));
  say("to", list(ends(event, "destinationList", "destination")));
  say("party", textOf(event.body.get("trace:party")) && nameOf(event.body.get("trace:party")));
  say("document", listOf(event.body.get("bizTransactionList"))
    .map((one) => nameOf(textOf(one.get("bizTransaction")) || "")).join(", "));
  for (const [output, name] of [[false, "made of"], [true, "made into"]]) {
    const others = event.mentions.filter((one) => one.role === (output ? "output" : "input") && one.uri !== item);
    say(name, others.slice(0, 6).map((one) => nameOf(one.uri)).join(", ") + (others.length > 6 ? ` and ${others.length - 6} more` : ""));
  }
  return facts;
}

function card(line, checked, nameOf) {
  const { event } = line;
  const time = event.body.get("eventTime");
  const rows = flatten(event.entry.get("body"), checked.opened).map(([path, value, words]) => (
    make("tr", words, make("th", "", path), make("td", "", value))));
  const recorded = `Recorded ${event.entry.get("rec")} by ${event.entry.get("by")}, ${event.entry.get("via")}`;
  return make("li", line.withdrawn ? "withdrawn" : "",
    make("h3", "", wordOf(event.step), make("span", "number", ` entry ${event.seq}`)),
    make("p", "when", `${time.slice(0, 10)} ${time.slice(11, 16)}`, make("span", "offset", ` ${time.slice(19).replace(/^\.[0-9]+/, "")}`)),
    make("p", "where", event.place ? nameOf(event.place) : "place not stated"),
    line.withdrawn ? make("p", "note", event.withdraws ? "withdraws an earlier event" : "withdrawn by a later event") : null,
    line.disputed ? make("p", "note", `disputed by entry ${line.disputed}, which came from a file and does not withdraw it`) : null,
    make("dl", "", ...factsOf(line, checked.item, nameOf).flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)])),
    make("details", "", make("summary", "", "every field"), make("table", "", ...rows), make("p", "note", recorded)));
}

function tell(words, title, ...lines) {
  const verdict = REGION("verdict");
  verdict.className = words;
  verdict.replaceChildren(make("h1", "", title), ...lines.map((line) => (typeof line === "string" ? make("p", "", line) : line)));
  document.title = title;
}

function nameFaults(faults, count) {
  const told = faults.slice(0, 20).map(({ position, seq, why }) => make("li", "", position === null
    ? `All ${count} events: ${why}.`
    : `Event ${position + 1} of ${count}, entry ${seq === null ? "of unknown number" : seq}: ${why}.`));
  if (faults.length > 20) told.push(make("li", "", `and ${faults.length - 20} more`));
  return make("ul", "faults", ...told);
}

function keyLines(checked) {
  const groups = checked.key.fingerprint.match(/.{4}/g).join(" ");
  const owner = checked.note.origin.split("/")[0];
  return [
    make("p", "", `as ${checked.note.origin} signed them, under the key with the fingerprint`),
    make("p", "fingerprint", groups),
    make("p", "", `Compare it with the one that ${owner} gives you in a way that the sender of this page does not control: `
      + `by telephone, in a contract, on its own web site. It begins with the id of the key, ${checked.key.id}. Until then this says only that `
      + "nothing was changed after somebody with this key signed it."),
  ];
}

function show(checked, lines) {
  const nameOf = shortener(checked.note.origin, namesIn(checked.entries));
  const last = lines[lines.length - 1].event;
  REGION("item").textContent = nameOf(checked.item);
  REGION("uri").textContent = checked.item;
  const day = (line) => line.event.body.get("eventTime").slice(0, 10);
  REGION("summary").textContent = `${lines.length} event${lines.length === 1 ? "" : "s"}, ${day(lines[0])} to ${day(lines[lines.length - 1])}. `
    + `The last: ${wordOf(last.step)}${last.place ? `, ${nameOf(last.place)}` : ""}.`;
  const code = drawQr(checked.item);
  REGION("code").replaceChildren(...(code ? [code] : []));
  REGION("events").replaceChildren(...lines.map((line) => card(line, checked, nameOf)));
  REGION("view").hidden = false;
  const picture = () => {
    const found = drawJourney(lines, checked.item, Math.max(280, Math.min(REGION("journey").clientWidth || 640, 960)), nameOf);
    REGION("journey").replaceChildren(...(found ? [found] : []));
  };
  picture();
  addEventListener("resize", picture);
  const hybrid = checked.note.signed.length > 1;
  REGION("hybrid").hidden = !hybrid;
}

function about(checked) {
  const events = [];
  checked.doubts = [];
  const fault = (one, why) => checked.faults.push({ position: one.position, seq: one.seq, why });
  for (const one of checked.entries) {
    if (one.kind === "key" || one.kind === "master") continue;
    try { events.push(readEvent(one, checked.opened)); } catch (error) { fault(one, error.message); }
  }
  const lines = historyOf(checked.item, events);
  const found = new Set(lines.map((line) => line.event));
  const ids = new Set(lines.map((line) => line.event.id));
  for (const event of events) {
    if (found.has(event) || (event.withdraws && ids.has(event.id))) continue;
    // An identifier in a form that is not read here may be the item's; that is no accusation.
    if (event.mentions.some((one) => isDoubtful(one.uri))) checked.doubts.push(event.seq);
    else fault(event, `it is not about ${checked.item}`);
  }
  if (!events.length && !checked.faults.length) checked.faults.push({ position: null, seq: null, why: "there is no event" });
  return lines;
}

async function check() {
  const run = "Run this instead, with a program that you trust: trace verify FILE";
  if (!globalThis.crypto || !crypto.subtle) {
    tell("unable", "CANNOT CHECK", "This browser does not let this page compute hashes (it was not opened as a file, nor over https).", run);
    return;
  }
  let checked, lines;
  try {
    checked = await checkBundle(REGION("evidence").textContent);
    lines = about(checked);
  } catch (error) {
    tell("broken", "BROKEN", "All events: the evidence in this page is not as it was written.", `${error.message}.`);
    return;
  }
  if (checked.faults.length) {
    tell("broken", "BROKEN", "This page or its evidence was changed after it was signed. Nothing of it is shown.",
      nameFaults(checked.faults, checked.count));
  } else if (checked.doubts.length) {
    tell("unable", "CANNOT CHECK", `The identifiers of entry ${checked.doubts.slice(0, 9).join(", ")} are in a form that this page does not read.`, run);
  } else if (checked.signed === null) {
    tell("unable", "CANNOT CHECK", "The hashes fit each other, but this browser does not know Ed25519, so the signature was not checked.", run);
  } else if (checked.signed === true) {
    const count = lines.length;
    show(checked, lines);
    tell("intact", "INTACT", make("p", "count", `${count} event${count === 1 ? "" : "s"}`), ...keyLines(checked));
  }
}

check().catch((error) => tell("broken", "BROKEN", "All events: the evidence could not be shown.", String(error.message)));
