// The one spelling of a GS1 identifier: EPC URNs and Digital Links of any domain become https://id.gs1.org/... .
// Those that are rarer on goods are left as they are; `isDoubtful` names them, and then the page does not judge.
const GS1 = "https://id.gs1.org";
// scheme: [AI, digits of prefix and reference, begins with an indicator, begins with a zero, qualifier or "joined"]
const SCHEMES = {
  sgtin: ["01", 13, true, false, "21"], lgtin: ["01", 13, true, false, "10"], sscc: ["00", 17, true, false, null],
  sgln: ["414", 12, false, false, "254"], pgln: ["417", 12, false, false, null], grai: ["8003", 12, false, true, "joined"],
  gdti: ["253", 12, false, false, "joined"], sgcn: ["255", 12, false, false, "joined"],
  gsrn: ["8018", 17, false, false, null], gsrnp: ["8017", 17, false, false, null], gsin: ["402", 16, false, false, null],
};
const LINK_KEYS = {
  "00": /^[0-9]{18}$/, "01": /^([0-9]{8}|[0-9]{12,14})$/, 253: /^[0-9]{13}[!-~]{0,17}$/, 255: /^[0-9]{13,25}$/, 402: /^[0-9]{17}$/,
  414: /^[0-9]{13}$/, 417: /^[0-9]{13}$/, 8003: /^0[0-9]{13}[!-~]{0,16}$/, 8004: /^[0-9]{4}[!-~]{0,86}$/, 8017: /^[0-9]{18}$/, 8018: /^[0-9]{18}$/,
};
const LINK_NAMES = { gtin: "01", sscc: "00", lot: "10", ser: "21", cpv: "22",
  gln: "414", glnx: "254", grai: "8003", giai: "8004", gdti: "253", gcn: "255", gsin: "402", gsrnp: "8017", gsrn: "8018", srin: "8019" };
const FINER = { "01": ["21", "235", "10"], 414: ["254"] };
const COARSE = { "01": ["22"], 414: ["7040"], 417: ["7040"], 8004: ["7040"], 8017: ["8019"], 8018: ["8019"] };

function checkDigit(digits) {
  const sum = [...digits].reverse().reduce((total, digit, at) => total + Number(digit) * (at % 2 ? 1 : 3), 0);
  return String((10 - (sum % 10)) % 10);
}

const SET_82 = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+$/;
const KEPT = { "%2B": "+", "%2C": ",", "%3A": ":", "%3B": ";", "%3D": "=" };
const inPath = (value) => encodeURIComponent(value).replace(/%(2B|2C|3A|3B|3D)/g, (found) => KEPT[found]);

function fits(text, most) {
  const value = decodeURIComponent(text);
  return SET_82.test(value) && value.length <= most ? value : null;
}

function write(ai, value, finest, fine) {
  return `${GS1}/${ai}/${inPath(value)}${finest ? `/${finest}/${inPath(fine)}` : ""}`;
}

function fromUrn(urn) {
  const asset = /^urn:epc:id:giai:([0-9]{6,12})\.([^.]+)$/.exec(urn);
  if (asset) return fits(asset[2], 90) === null ? null : write("8004", asset[1] + fits(asset[2], 90));
  const found = /^urn:epc:(id|class|idpat):([a-z]+):([0-9]{6,12})\.([0-9]*)(?:\.(.+))?$/.exec(urn);
  const scheme = found && SCHEMES[found[2]];
  if (!scheme || (found[1] === "class") !== (found[2] === "lgtin")) return null;
  const [ai, digits, indicator, zero, qualifier] = scheme;
  const [, kind, name, prefix, reference, rest] = found;
  if (prefix.length + reference.length !== digits || (rest === undefined) !== (qualifier === null)) return null;
  const body = indicator ? reference.slice(0, 1) + prefix + reference.slice(1) : prefix + reference;
  const key = `${zero ? "0" : ""}${body}${checkDigit(body)}`;
  if (kind === "idpat" && rest !== "*") return null;
  const tail = kind === "idpat" || rest === undefined ? "" : fits(rest, name === "gdti" ? 17 : name === "grai" ? 16 : 20);
  if (tail === null || (name === "sgcn" && !/^[0-9]{0,12}$/.test(tail))) return null;
  if (!tail || (name === "sgln" && tail === "0")) return write(ai, key);
  return qualifier === "joined" ? write(ai, key + tail) : write(ai, key, qualifier, tail);
}

function fromLink(link) {
  const web = /^https?:\/\/([^/?#]+)\/([^?#]+)/i.exec(link);
  if (!web) return null;
  const parts = web[2].split("/");
  const named = (part) => LINK_NAMES[part] || part;
  for (let start = parts.length - 2; start >= 0; start -= 2) {
    const ai = named(parts[start]);
    if (LINK_KEYS[ai]) {
      const value = decodeURIComponent(parts[start + 1]);
      const rest = parts.slice(start + 2), fine = new Map();
      if (!LINK_KEYS[ai].test(value)) return null;
      for (let at = 0; at < rest.length; at += 2) {
        const name = named(rest[at]);
        if (![...(FINER[ai] || []), ...(COARSE[ai] || [])].includes(name) || fine.has(name)) return null;
        const one = fits(rest[at + 1] || "", name === "235" ? 28 : 20);
        if (one === null || (name === "7040" && one.length !== 4) || (name === "8019" && !/^[0-9]{1,10}$/.test(one))) return null;
        fine.set(name, one);
      }
      const finest = (FINER[ai] || []).find((name) => fine.has(name));
      return write(ai, ai === "01" ? value.padStart(14, "0") : value, finest, fine.get(finest));
    }
    if (!/^(10|21|22|235|254|7040|8019)$/.test(ai)) return null;
  }
  return null;
}

const spellings = new Map();

function canonicalUri(uri) {
  if (typeof uri !== "string") return uri;
  if (!spellings.has(uri)) {
    let found = null;
    try { found = uri.startsWith("urn:epc:") ? fromUrn(uri) : fromLink(uri); } catch (error) { if (!(error instanceof URIError)) throw error; }
    spellings.set(uri, found === null ? uri : found);
  }
  return spellings.get(uri);
}

const isDoubtful = (uri) => typeof uri === "string" && (uri.startsWith("urn:epc:") || /\/(8006|8010|itip|cpid|415|401)\//.test(uri));
