// The history of an item from checked entries: which events are about it, by itself or inside a container at the time.
const EVENT_LISTS = {
  ObjectEvent: [["epcList", "quantityList", "epc"]],
  AggregationEvent: [["childEPCs", "childQuantityList", "child"]],
  TransactionEvent: [["epcList", "quantityList", "epc"]],
  AssociationEvent: [["childEPCs", "childQuantityList", "child"]],
  TransformationEvent: [["inputEPCList", "inputQuantityList", "input"], ["outputEPCList", "outputQuantityList", "output"]],
};
const PARENTED = new Set(["AggregationEvent", "TransactionEvent", "AssociationEvent"]);

const textOf = (value) => (typeof value === "string" ? value : null);
const idOf = (value) => (value instanceof Map ? textOf(value.get("id")) : null);
const listOf = (value) => (Array.isArray(value) ? value : []);
const before = (a, b) => a[0] < b[0] || (a[0] === b[0] && a[1] <= b[1]);

// Put the private values that are opened in the place of their commitments; `opened` stays as it is.
function reveal(value, opened) {
  if (Array.isArray(value)) return value.map((one) => reveal(one, opened));
  if (!(value instanceof Map)) return value;
  if (value.size === 1 && opened.has(value.get("_commit"))) return opened.get(value.get("_commit"));
  return new Map([...value].map(([key, one]) => [key, reveal(one, opened)]));
}

function microseconds(text) {
  const found = /^(.{19})(?:\.([0-9]{1,6}))?(Z|[+-][0-9]{2}:[0-9]{2})$/.exec(text || "");
  const whole = found ? Date.parse(found[1] + found[3]) : NaN;
  if (Number.isNaN(whole)) throw new Error("its time cannot be read");
  return whole * 1000 + Number((found[2] || "").padEnd(6, "0"));
}

function readEvent(one, opened) {
  const body = reveal(one.entry.get("body"), opened);
  const kind = body instanceof Map ? body.get("type") : null;
  if (one.kind !== "event" || !EVENT_LISTS[kind]) throw new Error("it is no event");
  const mentions = [];
  const parent = textOf(body.get("parentID"));
  const container = parent && canonicalUri(parent);
  if (PARENTED.has(kind) && container) mentions.push({ uri: container, role: "parent", quantity: null, unit: null });
  for (const [epcs, classes, role] of EVENT_LISTS[kind]) {
    for (const uri of listOf(body.get(epcs))) mentions.push({ uri: canonicalUri(uri), role, quantity: null, unit: null });
    for (const some of listOf(body.get(classes))) {
      const uri = canonicalUri(some.get("epcClass"));
      mentions.push({ uri, role, quantity: some.get("quantity"), unit: textOf(some.get("uom")) });
    }
  }
  return {
    ...one, body, mentions, container,
    type: kind,
    id: textOf(body.get("eventID")),
    action: textOf(body.get("action")),
    step: textOf(body.get("bizStep")),
    disposition: textOf(body.get("disposition")),
    place: idOf(body.get("bizLocation")) || idOf(body.get("readPoint")),
    withdraws: body.has("errorDeclaration"),
    moment: [microseconds(body.get("eventTime")), one.seq],
  };
}

// A declaration that was imported withdraws only what was imported as well and what it repeats: it names things, all
// of which the event names, at the same second. One that was made at the site withdraws any event.
function withdrawnAmong(events) {
  const imported = (event) => event.entry.get("via") === "imported";
  const declared = events.filter((event) => event.withdraws);
  const here = new Set(declared.filter((event) => !imported(event)).map((event) => event.id));
  const theirs = declared.filter(imported);
  return (event) => here.has(event.id) || (imported(event) && theirs.some((one) => one.id === event.id && repeats(one, event)));
}

function repeats(declaration, event) {
  const second = (one) => Math.floor(one.moment[0] / 1e6);
  return declaration.mentions.length > 0 && second(declaration) === second(event)
    && declaration.mentions.every((mention) => names(event, mention.uri));
}

const names = (event, uri) => event.mentions.some((one) => one.uri === uri);

// An event that puts named things in or out of a container is none on what else is inside.
function repacks(event, container) {
  const named = event.mentions.some((one) => one.role === "child");
  return event.container === container && (event.action === "ADD" || event.action === "DELETE") && named;
}

function amountOf(event, uri) {
  const found = event.mentions.find((one) => one.uri === uri && one.role === "child");
  return found && found.quantity instanceof Numeral ? Number(found.quantity.text) : null;
}

function staysInside(uri, events) {
  const moves = events.filter((event) => names(event, uri) && event.container && event.container !== uri);
  for (const container of new Set(moves.map((event) => event.container))) {
    for (const event of events) {
      if (event.container === container && !repacks(event, container) && !moves.includes(event)) moves.push(event);
    }
  }
  const gone = withdrawnAmong(events);
  const stays = [];
  const inside = new Map();
  for (const event of moves.sort((a, b) => (before(a.moment, b.moment) ? -1 : 1))) {
    if (event.type !== "AggregationEvent" || gone(event)) continue;
    const { container } = event;
    const amount = amountOf(event, uri);
    const [entered, held] = inside.get(container) || [event.moment, null];
    if (event.action === "ADD") {
      inside.set(container, [entered, held === null || amount === null ? amount : held + amount]);
    } else if (event.action === "DELETE" && inside.has(container)) {
      if (held !== null && amount !== null && held - amount > 1e-9) {
        inside.set(container, [entered, held - amount]);
      } else {
        inside.delete(container);
        stays.push([container, entered, event.moment]);
      }
    }
  }
  return stays.concat([...inside].map(([container, [entered]]) => [container, entered, [Infinity, 0]]));
}

// Give the events about an item, oldest first, each with the container it was in; as `trace history` does.
function historyOf(item, events) {
  const found = new Map();
  const waiting = [[item, [-Infinity, 0], [Infinity, 0], null]];
  const done = new Set();
  while (waiting.length) {
    const [uri, start, end, parent] = waiting.pop();
    const mark = JSON.stringify([uri, start.map(String), end.map(String)]);
    if (done.has(mark)) continue;
    done.add(mark);
    for (const event of events) {
      const inTime = before(start, event.moment) && before(event.moment, end);
      if (names(event, uri) && inTime && (parent === null || !repacks(event, uri)) && !found.has(event)) {
        found.set(event, parent);
      }
    }
    for (const [container, entered, left] of staysInside(uri, events)) {
      if (before(entered, end) && before(start, left)) {
        const from = before(start, entered) ? entered : start;
        waiting.push([container, from, before(left, end) ? left : end, container]);
      }
    }
  }
  const gone = withdrawnAmong(events);
  const disputing = (event) => {
    const theirs = events.find((one) => one.withdraws && one.id === event.id && one !== event);
    return theirs && !event.withdraws && !gone(event) ? theirs.seq : null;
  };
  return [...found]
    .map(([event, parent]) => ({ event, parent, withdrawn: event.withdraws || gone(event), disputed: disputing(event) }))
    .sort((a, b) => (before(a.event.moment, b.event.moment) ? -1 : 1));
}
