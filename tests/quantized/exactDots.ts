// Binaries of relaxed dots whose dots are exact on every processor: all their other bytes are those that ship.

/** i32x4.relaxed_dot_i8x16_i7x16_add_s. */
const RELAXED_DOT = [0xfd, 0x93, 0x02];
/** Instructions of the function that replaces it. */
const get = (index: number) => [0x20, index];
const tee = (index: number) => [0x22, index];
const extendLowS = [0xfd, 0x87, 0x01];
const extendHighS = [0xfd, 0x88, 0x01];
const extendLowU = [0xfd, 0x89, 0x01];
const extendHighU = [0xfd, 0x8a, 0x01];
const dotOfInt16 = [0xfd, 0xba, 0x01];
const add = [0xfd, 0xae, 0x01];
/** From two vectors of int32, every other one. @param first 0 or 1 */
const everyOther = (first: number) => [
  0xfd,
  0x0d,
  ...[0, 2, 4, 6].flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * (lane + first) + byte)),
];
const END = 0x0b;
const V128 = 0x7b;

/** (weights, bytes, sums), of type v128 all: sums + the four products of each lane, of an int8 and a uint8, modulo 2^32, as VPDPBUSD has it. */
const TYPE = [0x60, 3, V128, V128, V128, 1, V128];
const BODY = [
  ...[1, 2, V128],
  ...[...get(0), ...extendLowS, ...get(1), ...extendLowU, ...dotOfInt16, ...tee(3)],
  ...[...get(0), ...extendHighS, ...get(1), ...extendHighU, ...dotOfInt16, ...tee(4)],
  ...[...everyOther(0), ...get(3), ...get(4), ...everyOther(1), ...add, ...get(2), ...add],
  END,
];

/**
 * Calls such a function in place of each relaxed dot. The call takes as many bytes as the dot, so that only the sections that
 * get the function change their length.
 * @param binary imports no functions
 */
export function withExactDots(binary: Uint8Array): { readonly module: WebAssembly.Module; readonly dots: number } {
  const sections = sectionsOf(binary);
  const vector = (id: number) => countOf(sections.find((section) => section.id === id)?.content ?? new Uint8Array());
  const [types, functions] = [vector(1).value, vector(3).value];
  // Two bytes of seven bits.
  const call = [0x10, (functions & 127) | 128, functions >> 7];
  const added: Record<number, readonly number[]> = { 1: TYPE, 3: unsigned(types), 10: [...unsigned(BODY.length), ...BODY] };
  let dots = 0;
  const bytes = sections.flatMap(({ id, content }) => {
    const more = added[id];
    if (!more) return [id, ...unsigned(content.length), ...content];
    const { value, end } = countOf(content);
    const own = [...content.subarray(end)];
    for (let i = 0; id === 10 && i < own.length; i++) {
      if (!RELAXED_DOT.every((byte, j) => own[i + j] === byte)) continue;
      own.splice(i, call.length, ...call);
      dots++;
    }
    const all = [...unsigned(value + 1), ...own, ...more];
    return [id, ...unsigned(all.length), ...all];
  });
  return { module: new WebAssembly.Module(Uint8Array.from([...binary.subarray(0, 8), ...bytes])), dots };
}

function sectionsOf(binary: Uint8Array): { readonly id: number; readonly content: Uint8Array }[] {
  const sections: { id: number; content: Uint8Array }[] = [];
  for (let at = 8; at < binary.length; ) {
    const { value, end } = countOf(binary, at + 1);
    sections.push({ id: binary[at] as number, content: binary.subarray(end, end + value) });
    at = end + value;
  }
  return sections;
}

/** The unsigned LEB128 number at a place, and where it ends. */
function countOf(bytes: Uint8Array, at = 0): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let end = at, shift = 0; ; shift += 7) {
    const byte = bytes[end++] ?? 0;
    value += (byte & 127) << shift;
    if (byte < 128) return { value, end };
  }
}

const unsigned = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
