// Canonical JSON, read strictly: numbers keep their own text, a key that stands twice is an error. A Map is an object.
class Numeral {
  constructor(text) { this.text = text; }
}

function readJson(text) {
  const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y;
  const STRING = /"((?:[^"\\\u0000-\u001f]|\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;
  const WORDS = { true: true, false: false, null: null };
  let at = 0;

  function fail(why) { throw new Error(`no canonical JSON at character ${at}: ${why}`); }

  function take(pattern, what) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) fail(`expected ${what}`);
    at = pattern.lastIndex;
    return found[0];
  }

  function eat(sign) {
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  }

  function value(depth) {
    if (depth > 130) fail("nested too deeply");
    const sign = text[at];
    if (sign === '"') return JSON.parse(take(STRING, "a string"));
    if (sign === "{") return object(depth);
    if (sign === "[") return list(depth);
    for (const word of Object.keys(WORDS)) {
      if (text.startsWith(word, at)) { at += word.length; return WORDS[word]; }
    }
    return new Numeral(take(NUMBER, "a value"));
  }

  function object(depth) {
    const found = new Map();
    at += 1;
    if (eat("}")) return found;
    do {
      const key = JSON.parse(take(STRING, "a key"));
      if (found.has(key)) fail("a key stands twice");
      if (!eat(":")) fail("expected a colon");
      found.set(key, value(depth + 1));
    } while (eat(","));
    if (!eat("}")) fail("expected the end of an object");
    return found;
  }

  function list(depth) {
    const found = [];
    at += 1;
    if (eat("]")) return found;
    do found.push(value(depth + 1)); while (eat(","));
    if (!eat("]")) fail("expected the end of a list");
    return found;
  }

  const found = value(0);
  if (at !== text.length) fail("something follows it");
  return found;
}
