import { PbfReader } from 'pbf';
import { type ErrorCode, LanewiseError } from '../../errors.ts';
import { checkBytes, startOf } from '../bytes.ts';

/** Protocol Buffers' wire types. */
export const VARINT = 0;
export const FIXED64 = 1;
const BYTES = 2;
export const FIXED32 = 5;
export type ScalarWire = typeof VARINT | typeof FIXED64 | typeof FIXED32;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A tensor whose data lies in another file (onnx.ai/onnx/repo-docs/IR.html#external-tensor-data). */
export interface ExternalTensor {
  /** The tensor for errors: "the initializer 'w'". */
  readonly label: string;
  /** The file: a path with '/', relative to the model's folder and inside it. */
  readonly location: string;
  /** Where in the file the data starts, and how much there is, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** The data, once the file is there. */
  bytes: Uint8Array;
}

/**
 * Reads Protocol Buffers (protobuf.dev/programming-guides/encoding) that may be damaged. pbf decodes the values; this class checks that
 * every value lies inside the message that holds it and has the wire type that its reader asks for, so that no input can make it throw
 * anything but a LanewiseError, or allocate out of proportion to the file's size.
 */
export class Wire {
  /** The part being read, for errors: "the node 'x'". */
  where: string;
  /** Set once the start of the file has been recognised: only then can a file that ends early be called cut off. */
  known = false;
  readonly bytes: Uint8Array;
  /** The tensors met whose data lies in other files. */
  readonly external: ExternalTensor[] = [];
  readonly #what: string;
  readonly #kind: string;
  readonly #pbf: PbfReader;
  // The field being read: its wire type, where its value ends, and where its message ends. pbf stands at its value, past the length of
  // bytes. At first it is the whole file.
  #type = BYTES;
  #end: number;
  #limit: number;

  /**
   * @param kind what the file should be: 'model' or 'tensor'
   * @throws LanewiseError INVALID_INPUT for no bytes at all
   */
  constructor(bytes: Uint8Array, what: string, kind: string) {
    checkBytes(bytes, what);
    this.bytes = bytes;
    this.#what = what;
    this.#kind = kind;
    this.where = `the ${kind}`;
    this.#pbf = new PbfReader(bytes);
    this.#end = this.#limit = bytes.length;
  }

  /**
   * Reads a message: the whole file, or the field at hand. `read` is called for every field of it, and takes the value by one of the other
   * methods or leaves it.
   * @returns a view on the message's bytes
   */
  message(where: string, read: (field: number) => void): Uint8Array {
    const outer = this.where;
    const start = this.#pbf.pos;
    const end = this.#end;
    const limit = this.#limit;
    // Where the file itself ends too early, what is there is read first, to say which part is cut.
    this.#expect(BYTES, limit === this.bytes.length);
    this.where = where;
    this.#fields(read, Math.min(end, limit));
    if (end > limit) throw this.#cut(limit);
    this.where = outer;
    return this.bytes.subarray(start, end);
  }

  #fields(read: (field: number) => void, end: number): void {
    const pbf = this.#pbf;
    while (pbf.pos < end) {
      const tag = this.#varint(end);
      const type = tag % 8;
      const head = pbf.pos;
      let next = head + (type === FIXED32 ? 4 : 8);
      if (type === BYTES) next = this.#varint(end) + pbf.pos;
      else if (type === VARINT) {
        this.#varint(end);
        next = pbf.pos;
        pbf.pos = head;
      } else if (type !== FIXED32 && type !== FIXED64) throw this.damaged(`no value has wire type ${type}`);
      if (tag < 8) throw this.damaged('no field has number 0');
      this.#type = type;
      this.#end = next;
      this.#limit = end;
      read((tag - type) / 8);
      if (next > end) throw this.#cut(end);
      pbf.pos = next;
    }
  }

  /** Invalid UTF-8 becomes replacement characters. */
  string(): string {
    // Not pbf's readString, which drops the end of a short string from its first invalid byte on.
    return utf8.decode(this.blob());
  }

  /** A view on the bytes of the field. */
  blob(): Uint8Array {
    this.#expect(BYTES);
    return this.bytes.subarray(this.#pbf.pos, this.#end);
  }

  /** An int64 or uint64 as a number where that is exact; else as a bigint, signed. */
  int(): number | bigint {
    this.#expect(VARINT);
    return this.#int();
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#pbf.readFloat();
  }

  /** Each element of a repeated number, packed or not: an integer for VARINT, a float or a double for the others. */
  each(scalar: ScalarWire, read: (value: number | bigint) => void): void {
    const pbf = this.#pbf;
    this.#elements(scalar, () => read(scalar === VARINT ? this.#int() : scalar === FIXED32 ? pbf.readFloat() : pbf.readDouble()));
  }

  /** How many elements `each` would give, checking them. */
  count(scalar: ScalarWire): number {
    let count = 0;
    this.#elements(scalar, () => {
      count++;
      if (scalar === VARINT) this.#varint(this.#end);
      else this.#pbf.skip(scalar);
    });
    return count;
  }

  fail(code: ErrorCode, message: string): LanewiseError {
    return new LanewiseError(code, `${this.#what}: ${message}`);
  }

  /** The bytes cannot be what they should be. */
  damaged(why: string): LanewiseError {
    const message = this.known
      ? `${this.#what} is damaged at byte ${this.#pbf.pos}, in ${this.where}: ${why}`
      : `${this.#what} is not an ONNX ${this.#kind}: ${startOf(this.bytes)}`;
    return new LanewiseError('INVALID_FILE', message);
  }

  #cut(limit: number): LanewiseError {
    if (!this.known) return this.damaged('');
    const place =
      limit === this.bytes.length ? `ends at byte ${limit} inside` : `has a value near byte ${this.#pbf.pos} that runs past the end of`;
    return new LanewiseError('TRUNCATED_FILE', `${this.#what} ${place} ${this.where}: it was cut off or damaged`);
  }

  #expect(type: number, mayBeCut = false): void {
    if (this.#type !== type) throw this.damaged(`a field has wire type ${this.#type} instead of ${type}`);
    if (this.#end > this.#limit && !mayBeCut) throw this.#cut(this.#limit);
  }

  #elements(scalar: ScalarWire, step: () => void): void {
    const pbf = this.#pbf;
    this.#expect(this.#type === BYTES ? BYTES : scalar);
    const size = scalar === VARINT ? 1 : scalar === FIXED32 ? 4 : 8;
    if ((this.#end - pbf.pos) % size) throw this.damaged(`packed numbers of ${size} bytes do not fill their ${this.#end - pbf.pos} bytes`);
    while (pbf.pos < this.#end) step();
  }

  #varint(end: number, signed = false): number {
    const pbf = this.#pbf;
    let value: number | undefined;
    try {
      value = pbf.readVarint(signed);
    } catch {
      // pbf found no last byte: past the end of the bytes, or 10 bytes on.
    }
    if (pbf.pos > end) throw this.#cut(end);
    if (value === undefined) throw this.damaged('a number has more than 10 bytes');
    return value;
  }

  #int(): number | bigint {
    const pbf = this.#pbf;
    const start = pbf.pos;
    const value = this.#varint(this.#end, true);
    if (Number.isSafeInteger(value)) return value;
    let exact = 0n;
    for (let i = pbf.pos - 1; i >= start; i--) exact = (exact << 7n) | BigInt((this.bytes[i] as number) & 0x7f);
    return BigInt.asIntN(64, exact);
  }
}

/** StringStringEntryProto and OperatorSetIdProto: two fields, the first a name. */
export function readPair<T>(wire: Wire, none: T, read: () => T): [string, T] {
  let key = '';
  let value = none;
  wire.message(wire.where, (field) => {
    if (field === 1) key = wire.string();
    else if (field === 2) value = read();
  });
  return [key, value];
}
