// Read a bundle (docs/formats.md, "Bundle") and check it: hashes, inclusion proofs, signature, private values.
const BUNDLE = "trace/bundle/v1";
const PROOF = "c2sp.org/tlog-proof@v1";
const ED25519 = 1;
const ENTRY_KEYS = "_prev _seq body by kind rec via";

const utf8 = (text) => new TextEncoder().encode(text);
const fromUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));

function base64(text) {
  const plain = atob(text);
  if (btoa(plain) !== text) throw new Error("base64 that is not in its one spelling");
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

const fingerprintOf = (key) => sha256(utf8(`${key.name}\n`), key.raw);

function readKey(text) {
  const [name, id, ...material] = text.split("+");
  const raw = base64(material.join("+"));
  return { name, id, raw, algorithm: raw[0], text };
}

function readNote(text, signatures) {
  const lines = text.split("\n");
  if (lines.length !== 3 || !/^(0|[1-9][0-9]{0,14})$/.test(lines[1])) throw new Error("the checkpoint is malformed");
  const signed = signatures.replace(/\n$/, "").split("\n").map((line) => {
    const [dash, name, blob, ...more] = line.split(" ");
    if (dash !== "\u2014" || !blob || more.length) throw new Error("a signature line is malformed");
    const bytes = base64(blob);
    return { name, id: hex(bytes.slice(0, 4)), signature: bytes.slice(4) };
  });
  return { text: `${text}\n`, origin: lines[0], size: Number(lines[1]), root: base64(lines[2]), signed };
}

function readSection(text) {
  const lines = text.split("\n");
  const index = /^index (0|[1-9][0-9]{0,14})$/.exec(lines[2] || "");
  if (lines[0] !== PROOF || !(lines[1] || "").startsWith("extra ") || !index) throw new Error("it cannot be read");
  return { index: Number(index[1]), data: base64(lines[1].slice(6)), path: lines.slice(3).map(base64) };
}

function numberIn(text) {
  const found = /^index ([0-9]{1,15})$/m.exec(text);
  return found ? Number(found[1]) : null;
}

// Cut a bundle into its parts. What is wrong inside one entry is told with that entry, everything else of the whole.
function readBundle(text) {
  const [first, digest, ...lines] = text.split("\n");
  const rest = lines.join("\n");
  const chunks = rest.split("\n\n");
  if (first !== BUNDLE || !/^sha256 [0-9a-f]{64}$/.test(digest) || chunks.length < 4) {
    throw new Error("the evidence is not as it was written");
  }
  const head = chunks[0].split("\n");
  const [noteText, signatures] = chunks.slice(-2);
  const middle = chunks.slice(1, -2);
  const values = middle[middle.length - 1].startsWith("values\n") ? middle.pop().split("\n").slice(1) : [];
  if (!head[0].startsWith("item ") || !head.slice(1).every((line) => line.startsWith("key "))) {
    throw new Error("the head of the evidence is malformed");
  }
  return {
    rest, middle, values, noteText, signatures,
    digest: digest.slice(7),
    item: decodeURIComponent(head[0].slice(5)),
    keys: head.slice(1).map((line) => readKey(line.slice(4))),
  };
}

async function rootFrom(leaf, index, size, path) {  // RFC 9162, section 2.1.3.2
  let first = index, last = size - 1, digest = leaf;
  if (first > last) return null;
  for (const sibling of path) {
    if (last === 0 || sibling.length !== 32) return null;
    if (first % 2 === 1 || first === last) {
      digest = await sha256([1], sibling, digest);
      while (first % 2 === 0 && first !== 0) { first = Math.floor(first / 2); last = Math.floor(last / 2); }
    } else {
      digest = await sha256([1], digest, sibling);
    }
    first = Math.floor(first / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? digest : null;
}

// Tells whether the key signed: true, false, or null where this browser cannot check Ed25519.
async function isSigned(note, key) {
  const line = note.signed.find((one) => one.name === key.name && one.id === key.id);
  if (!line || line.signature.length !== 64 || key.raw.length !== 33) return false;
  let known;
  try {
    known = await crypto.subtle.importKey("raw", key.raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    return false;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, known, line.signature, utf8(note.text));
}

async function checkEntry(section, note, last) {
  const { index, data, path } = section;
  if (index <= last) throw new Error("it stands twice or out of order");
  const root = await rootFrom(await sha256([0], data), index, note.size, path);
  if (!root || !same(root, note.root)) throw new Error("with its proof it does not lead to the signed root");
  const entry = readJson(fromUtf8(data));
  if (!(entry instanceof Map) || [...entry.keys()].join(" ") !== ENTRY_KEYS) throw new Error("it is no entry");
  if (!(entry.get("_seq") instanceof Numeral) || entry.get("_seq").text !== String(index)) {
    throw new Error("it has another number than its proof says");
  }
  return { seq: index, data, entry, kind: entry.get("kind"), commitments: commitmentsIn(entry.get("body")) };
}

function commitmentsIn(value) {
  if (Array.isArray(value)) return value.flatMap(commitmentsIn);
  if (!(value instanceof Map)) return [];
  if (value.size === 1 && value.has("_commit")) return [value.get("_commit")];
  return [...value.values()].flatMap(commitmentsIn);
}

// Check everything; give what was proven and every fault {position, seq, why}. `signed` is null where it cannot be told.
async function checkBundle(text) {
  const bundle = readBundle(text);
  const faults = [];
  const entries = [];
  const count = bundle.middle.length;
  let note = null, signed = false, last = -1;
  const key = bundle.keys.find((one) => one.algorithm === ED25519);
  try {
    note = readNote(bundle.noteText, bundle.signatures);
    if (!key || key.name !== note.origin) throw new Error("no Ed25519 key of its origin is named");
    key.fingerprint = hex(await fingerprintOf(key));
    if (key.fingerprint.slice(0, 8) !== key.id) throw new Error("the key is not the one whose id is named");
    signed = await isSigned(note, key);
    if (signed === false) throw new Error("the signature does not fit the checkpoint");
  } catch (error) {
    faults.push({ position: null, seq: null, why: `nothing vouches for any event: ${error.message}` });
  }
  for (let at = 0; at < count; at += 1) {
    let seq = numberIn(bundle.middle[at]);
    try {
      const section = readSection(bundle.middle[at]);
      seq = section.index;
      if (note) entries.push({ position: at, ...await checkEntry(section, note, last) });
      last = Math.max(last, seq);
    } catch (error) {
      faults.push({ position: at, seq, why: error.message });
    }
  }
  const opened = await openValues(bundle.values, entries, faults);
  if (!faults.length && hex(await sha256(utf8(bundle.rest))) !== bundle.digest) {
    faults.push({ position: null, seq: null, why: "a byte beside the events was changed: the digest differs" });
  }
  return { item: bundle.item, keys: bundle.keys, key, note, signed, entries, opened, faults, count };
}

// The private values that are opened, by their commitment. What fits none is told with the entries left closed.
async function openValues(lines, entries, faults) {
  const owners = new Map(entries.flatMap((one) => one.commitments.map((digest) => [digest, one])));
  const opened = new Map();
  let astray = null;
  for (const line of lines) {
    try {
      const [salt, data] = line.split(" ").map(base64);
      const digest = hex(await sha256(salt, data));
      if (salt.length !== 16 || !owners.has(digest) || opened.has(digest)) throw new Error("it fits no commitment");
      opened.set(digest, readJson(fromUtf8(data)));
    } catch (error) {
      astray = `a private value was changed: ${error.message}`;
    }
  }
  if (astray) {
    const closed = new Set([...owners].filter(([digest]) => !opened.has(digest)).map(([, one]) => one));
    if (!closed.size) faults.push({ position: null, seq: null, why: astray });
    for (const one of closed) faults.push({ position: one.position, seq: one.seq, why: astray });
  }
  return opened;
}
