// Protobuf messages as trees, to change fields of a file and keep the lengths around them right.

export interface Field {
  number: number;
  /** 0 varint, 1 eight bytes, 2 bytes, 5 four bytes. */
  wire: number;
  value: bigint | Uint8Array | Field[];
}

/** Which fields of ONNX's messages are messages themselves: ModelProto, GraphProto, NodeProto and so on, by field number. */
interface Schema {
  readonly [field: number]: Schema;
}
const tensor: Schema = { 13: {} };
const shape: Schema = { 1: {} };
const value: Schema = { 2: { 1: { 2: shape } } };
const attribute: Schema = { 5: tensor };
export const MODEL: Schema = { 7: { 1: { 5: attribute }, 5: tensor, 11: value, 12: value, 13: value }, 8: {}, 14: {} };

/** @throws RangeError where the bytes are no such message */
export function parse(bytes: Uint8Array, schema: Schema): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new RangeError('a varint runs out');
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, result);
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('a field runs out');
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    const inner = schema[number];
    if (wire === 0) fields.push({ number, wire, value: varint() });
    else if (wire === 2) {
      const content = take(Number(varint()));
      fields.push({ number, wire, value: inner ? parse(content, inner) : content });
    } else if (wire === 1 || wire === 5) fields.push({ number, wire, value: take(wire === 1 ? 8 : 4) });
    else throw new RangeError(`wire type ${wire}`);
  }
  return fields;
}

export function varint(number: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, number); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

export function encode(fields: readonly Field[]): Uint8Array {
  const parts = fields.map(({ number, wire, value }) => {
    const tag = varint(BigInt((number << 3) | wire));
    if (typeof value === 'bigint') return Uint8Array.from([...tag, ...varint(value)]);
    const content = Array.isArray(value) ? encode(value) : value;
    const head = wire === 2 ? [...tag, ...varint(BigInt(content.length))] : tag;
    const bytes = new Uint8Array(head.length + content.length);
    bytes.set(head);
    bytes.set(content, head.length);
    return bytes;
  });
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Every list of fields in a tree. */
export const lists = (fields: Field[]): Field[][] => [fields, ...fields.flatMap(({ value }) => (Array.isArray(value) ? lists(value) : []))];
