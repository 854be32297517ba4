// A QR code (ISO/IEC 18004) in byte mode, error correction level M, versions 1 to 20, so that it is drawn from checked data.
const QR_ECC = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const QR_PARTS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const QR_MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function qrCapacity(version) {  // codewords that fit, data and error correction
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const marks = Math.floor(version / 7) + 2;
    bits -= (25 * marks - 10) * marks - 55;
    if (version >= 7) bits -= 36;
  }
  return Math.floor(bits / 8);
}

function qrTimes(a, b) {  // multiplication in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

function qrCorrection(data, length) {
  const divisor = new Array(length).fill(0);
  divisor[length - 1] = 1;
  let root = 1;
  for (let i = 0; i < length; i += 1) {
    for (let j = 0; j < length; j += 1) {
      divisor[j] = qrTimes(divisor[j], root) ^ (j + 1 < length ? divisor[j + 1] : 0);
    }
    root = qrTimes(root, 2);
  }
  const rest = new Array(length).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    divisor.forEach((part, at) => { rest[at] ^= qrTimes(part, factor); });
  }
  return rest;
}

function qrCodewords(bytes, version) {
  const parts = QR_PARTS[version - 1], correction = QR_ECC[version - 1], total = qrCapacity(version);
  const room = total - parts * correction;
  const bits = [];
  const push = (value, length) => { for (let at = length - 1; at >= 0; at -= 1) bits.push((value >> at) & 1); };
  push(4, 4);
  push(bytes.length, version < 10 ? 8 : 16);
  bytes.forEach((byte) => push(byte, 8));
  push(0, Math.min(4, room * 8 - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xec ^ 0x11) push(pad, 8);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(""), 2));
  const short = Math.floor(total / parts) - correction, shorts = parts - (total % parts);
  const blocks = [];
  for (let at = 0, block = 0; block < parts; block += 1) {
    const length = short + (block < shorts ? 0 : 1);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const found = [];
  for (let at = 0; at <= short; at += 1) blocks.forEach((one) => { if (at < one.length) found.push(one[at]); });
  const checks = blocks.map((one) => qrCorrection(one, correction));
  for (let at = 0; at < correction; at += 1) checks.forEach((one) => found.push(one[at]));
  return found;
}

function qrDraw(codewords, version, mask) {
  const size = version * 4 + 17;
  const dark = Array.from({ length: size }, () => new Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array(size).fill(false));
  const set = (x, y, on) => {
    if (x >= 0 && y >= 0 && x < size && y < size) { dark[y][x] = Boolean(on); fixed[y][x] = true; }
  };
  for (let at = 0; at < size; at += 1) { set(6, at, at % 2 === 0); set(at, 6, at % 2 === 0); }
  const square = (x, y, reach, rings) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) set(x + dx, y + dy, rings.includes(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  [[3, 3], [size - 4, 3], [3, size - 4]].forEach(([x, y]) => square(x, y, 4, [0, 1, 3]));
  const marks = [];
  if (version > 1) {
    const many = Math.floor(version / 7) + 2, step = Math.ceil((size - 13) / (many * 2 - 2)) * 2;
    for (let at = size - 7; marks.length < many - 1; at -= step) marks.unshift(at);
    marks.unshift(6);
  }
  marks.forEach((y, row) => marks.forEach((x, column) => {
    const edge = marks.length - 1;
    if (!((row === 0 && (column === 0 || column === edge)) || (row === edge && column === 0))) square(x, y, 2, [0, 2]);
  }));
  let rest = mask;  // level M is written 00
  for (let at = 0; at < 10; at += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const format = ((mask << 10) | rest) ^ 0x5412;
  const bit = (value, at) => (value >> at) & 1;
  for (let at = 0; at < 15; at += 1) {
    set(8, at < 6 ? at : at < 8 ? at + 1 : size - 15 + at, bit(format, at));
    set(at < 8 ? size - 1 - at : at < 9 ? 7 : 14 - at, 8, bit(format, at));
  }
  set(8, size - 8, true);
  if (version >= 7) {
    rest = version;
    for (let at = 0; at < 12; at += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const a = size - 11 + (at % 3), b = Math.floor(at / 3), on = bit((version << 12) | rest, at);
      set(a, b, on);
      set(b, a, on);
    }
  }
  let next = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let row = 0; row < size; row += 1) {
      for (let x = right; x > right - 2; x -= 1) {
        const y = (right + 1) & 2 ? row : size - 1 - row;
        if (fixed[y][x]) continue;
        const on = next < codewords.length * 8 && (codewords[next >> 3] >> (7 - (next & 7))) & 1;
        dark[y][x] = Boolean(on) !== (QR_MASKS[mask](x, y) === 0);
        next += 1;
      }
    }
  }
  return dark;
}

function qrUgliness(dark) {  // the first two rules and the balance of section 7.8.3
  let points = 0, count = 0;
  const size = dark.length;
  for (const read of [(a, b) => dark[a][b], (a, b) => dark[b][a]]) {
    for (let a = 0; a < size; a += 1) {
      for (let b = 1, run = 1; b <= size; b += 1) {
        if (b < size && read(a, b) === read(a, b - 1)) { run += 1; continue; }
        if (run >= 5) points += run - 2;
        run = 1;
      }
    }
  }
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      count += dark[y][x];
      if (y && x && [dark[y - 1][x], dark[y][x - 1], dark[y - 1][x - 1]].every((one) => one === dark[y][x])) points += 3;
    }
  }
  return points + 10 * Math.floor(Math.abs((20 * count) / (size * size) - 10));
}

// Give the rows of the code, true where it is dark; null where the text is too long.
function qrMatrix(text) {
  const bytes = utf8(text);
  let version = 1;
  const fits = () => qrCapacity(version) - QR_PARTS[version - 1] * QR_ECC[version - 1] >= bytes.length + (version < 10 ? 2 : 3);
  while (version <= QR_ECC.length && !fits()) version += 1;
  if (version > QR_ECC.length) return null;
  const codewords = qrCodewords(bytes, version);
  const drawn = QR_MASKS.map((_, mask) => qrDraw(codewords, version, mask));
  return drawn.reduce((best, one) => (qrUgliness(one) < qrUgliness(best) ? one : best));
}
