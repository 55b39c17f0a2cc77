import { type ErrorCode, LanewiseError } from '../../errors.ts';
import type { Constant, GraphInput, GraphNode, GraphOutput, Subgraph } from '../../graph/graph.ts';
import { type Bytes, checkedBytes, inMemory, isInMemory, partOf } from '../bytes.ts';

/** Protocol Buffers' wire types. */
export const VARINT = 0;
export const FIXED64 = 1;
const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
export const FIXED32 = 5;
export type ScalarWire = typeof VARINT | typeof FIXED64 | typeof FIXED32;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A tensor whose data lies in another file (onnx.ai/onnx/repo-docs/IR.html#external-tensor-data). */
export interface ExternalTensor {
  /** The tensor's place, for errors: "the initializer 'w'". */
  readonly label: string;
  /** The file: a path with '/', relative to the model's folder and inside it. */
  readonly location: string;
  /** Where the data starts in the file, and its length, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** The data, once the file has been read. */
  bytes: Bytes;
}

/** A graph while it is read, part by part. */
export interface GraphParts {
  name: string;
  readonly nodes: GraphNode[];
  readonly constants: Map<string, Constant>;
  readonly inputs: GraphInput[];
  readonly outputs: GraphOutput[];
}

/** Why the nodes of a graph cannot be ordered. */
export interface Disorder {
  /** A name that exists already, and what makes it again: an input if there is no node. */
  readonly twice: readonly [name: string, producer: GraphNode | undefined] | undefined;
  /** Nodes by the missing value, and which of their inputs it is. */
  readonly waiting: ReadonlyMap<string, readonly (readonly [GraphNode, number])[]>;
  /** An output that no node makes. */
  readonly missing: GraphOutput | undefined;
}

/**
 * Readers for what few files have, in a chunk of its own: see subgraphs.ts. So are the errors of graphs whose nodes cannot
 * be ordered.
 */
export interface Extras {
  /** The current GraphProto, as written: names may stand for several things. */
  subgraph(wire: Wire, place: string): Subgraph;
  /** Reads the current FunctionProto. */
  function(wire: Wire): void;
  /**
   * The nodes with unique names, the outer names that their subgraphs read, and calls replaced by the functions' nodes.
   * @param opsets the model's; becomes those of the nodes
   */
  resolve(wire: Wire, graph: GraphParts, opsets: Map<string, number>): readonly GraphNode[];
  disorder(wire: Wire, disorder: Disorder): Error;
  /** External data: see external.ts. */
  readExternal(wire: Wire, label: string, described: string, entries: ReadonlyMap<string, string>, size: number): ExternalTensor;
  resolveExternal(wire: Wire, files?: ReadonlyMap<string, Bytes>): void;
}

/** Bytes of a file that are read at once; longer values are read when they are needed. */
const WINDOW = 16 * 1024;
const MOST_VARINT = 10;

/**
 * Reads Protocol Buffers (protobuf.dev/programming-guides/encoding) that may be damaged, from memory or through a window on
 * a file. It checks that every value lies inside the message that holds it and has the wire type that its reader asks for,
 * so that no input can make it throw anything but a LanewiseError, or allocate out of proportion to the file's size.
 */
export class Wire {
  /** The part that is being read, for errors: "the node 'x'". */
  where: string;
  /** Set once the start of the file has been recognised: only then can a file that ends early be called cut off. */
  known = false;
  /** The tensors found so far whose data lies in other files. */
  readonly external: ExternalTensor[] = [];
  /** Reads branches, bodies and functions. */
  extras?: Extras | undefined;
  /** Whether the file has parts that need those readers. */
  lacksExtras = false;
  readonly #bytes: Bytes;
  readonly #what: string;
  readonly #kind: string;
  // The bytes in memory, and their offset in the file.
  #window: Uint8Array;
  #view: DataView;
  #base = 0;
  #pos = 0;
  // The current field: its wire type, where its value ends, and where its message ends. #pos is at its value, past the
  // length of bytes. At first it is the whole file.
  #type = BYTES;
  #end: number;
  #limit: number;

  /**
   * @param kind what the file should be: 'model' or 'tensor'
   * @throws LanewiseError INVALID_INPUT for no bytes at all
   */
  constructor(bytes: Bytes, what: string, kind: string) {
    this.#bytes = checkedBytes(bytes, what);
    this.#what = what;
    this.#kind = kind;
    this.where = `the ${kind}`;
    this.#window = isInMemory(this.#bytes) ? this.#bytes : new Uint8Array(0);
    this.#view = viewOf(this.#window);
    this.#end = this.#limit = bytes.length;
  }

  /**
   * Reads a message: the whole file, or the current field. `read` is called for every field of it, and reads the value by
   * one of the other methods or skips it.
   * @returns the message's bytes
   */
  message(where: string, read: (field: number) => void): Bytes {
    const outer = this.where;
    const start = this.#pos;
    const end = this.#end;
    const limit = this.#limit;
    // If the file itself ends too early, what there is is read first, to name the part that is cut.
    this.#expect(BYTES, limit === this.#bytes.length);
    this.where = where;
    this.#fields(read, Math.min(end, limit));
    if (end > limit) throw this.#cut(limit);
    this.where = outer;
    return this.#part(start, end);
  }

  #fields(read: (field: number) => void, end: number): void {
    // ONNX has no groups: they are skipped with their content. These are the end tags of the open ones.
    const groups: number[] = [];
    while (this.#pos < end) {
      const tag = this.#varint(end);
      const type = tag % 8;
      const head = this.#pos;
      let next = head + (type === FIXED32 ? 4 : 8);
      if (type === BYTES) next = this.#varint(end) + this.#pos;
      else if (type === VARINT) {
        this.#varint(end);
        next = this.#pos;
        this.#pos = head;
      } else if (type === GROUP || type === GROUP_END) {
        next = head;
        if (type === GROUP) groups.push(tag + 1);
        else if (groups.pop() !== tag) throw this.damaged('a group ends that did not begin');
      } else if (type !== FIXED32 && type !== FIXED64) throw this.damaged(`no value has wire type ${type}`);
      if (tag < 8) throw this.damaged('no field has number 0');
      this.#type = type;
      this.#end = next;
      this.#limit = end;
      if (groups.length === 0 && type !== GROUP_END) read((tag - type) / 8);
      if (next > end) throw this.#cut(end);
      this.#pos = next;
    }
    if (groups.length > 0) throw this.#cut(end);
  }

  /** Invalid UTF-8 becomes replacement characters. */
  string(): string {
    return utf8.decode(inMemory(this.blob()));
  }

  /** The current field's bytes. */
  blob(): Bytes {
    this.#expect(BYTES);
    return this.#part(this.#pos, this.#end);
  }

  /** An int64 or uint64: a number if that is exact, else a signed bigint. */
  int(): number | bigint {
    this.#expect(VARINT);
    return this.#int();
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#view.getFloat32(this.#reach(4), true);
  }

  /** Each element of a repeated number, packed or not: an integer for VARINT, a float or a double for the others. */
  each(scalar: ScalarWire, read: (value: number | bigint) => void): void {
    const size = this.#expectScalars(scalar);
    while (this.#pos < this.#end) {
      if (scalar === VARINT) read(this.#int());
      else {
        const at = this.#reach(size);
        read(scalar === FIXED32 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true));
        this.#pos += size;
      }
    }
  }

  /** How many elements `each` would give; checks them. */
  count(scalar: ScalarWire): number {
    const size = this.#expectScalars(scalar);
    if (scalar !== VARINT) return (this.#end - this.#pos) / size;
    let count = 0;
    for (; this.#pos < this.#end; count++) this.#varint(this.#end);
    return count;
  }

  fail(code: ErrorCode, message: string): LanewiseError {
    return new LanewiseError(code, `${this.#what}: ${message}`);
  }

  /** Throws for bytes that are not valid here. */
  damaged(why: string): LanewiseError {
    const message = this.known
      ? `${this.#what} is damaged at byte ${this.#pos}, in ${this.where}: ${why}`
      : `${this.#what} is not an ONNX ${this.#kind}`;
    return new LanewiseError('INVALID_FILE', message);
  }

  #cut(limit: number): LanewiseError {
    if (!this.known) return this.damaged('');
    const place =
      limit === this.#bytes.length ? `ends at byte ${limit} inside` : `has a value near byte ${this.#pos} that runs past the end of`;
    return new LanewiseError('TRUNCATED_FILE', `${this.#what} ${place} ${this.where}: it was cut off or damaged`);
  }

  #expect(type: number, mayBeCut = false): void {
    if (this.#type !== type) throw this.damaged(`a field has wire type ${this.#type} instead of ${type}`);
    if (this.#end > this.#limit && !mayBeCut) throw this.#cut(this.#limit);
  }

  /** @returns the bytes of an element, which fill the field; 1 for VARINT */
  #expectScalars(scalar: ScalarWire): number {
    this.#expect(this.#type === BYTES ? BYTES : scalar);
    const size = scalar === VARINT ? 1 : scalar === FIXED32 ? 4 : 8;
    const bytes = this.#end - this.#pos;
    if (bytes % size) throw this.damaged(`packed numbers of ${size} bytes do not fill their ${bytes} bytes`);
    return size;
  }

  /** Inexact beyond safe integers. */
  #varint(end: number): number {
    const start = this.#pos;
    const at = this.#reach(MOST_VARINT);
    let value = 0;
    for (let i = 0; i < MOST_VARINT; i++) {
      this.#pos = start + i + 1;
      if (this.#pos > end) throw this.#cut(end);
      const byte = this.#window[at + i] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw this.damaged(`a number has more than ${MOST_VARINT} bytes`);
  }

  #int(): number | bigint {
    const at = this.#reach(MOST_VARINT);
    const start = this.#pos;
    const value = this.#varint(this.#end);
    if (Number.isSafeInteger(value)) return value;
    let bits = 0n;
    for (let i = this.#pos - start - 1; i >= 0; i--) bits = (bits << 7n) | BigInt((this.#window[at + i] as number) & 0x7f);
    const exact = BigInt.asIntN(64, bits);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }

  /** Reads the next bytes into the window, as many as there are. @returns where in the window they start */
  #reach(count: number): number {
    const at = this.#pos - this.#base;
    const end = Math.min(this.#pos + count, this.#bytes.length);
    if (at >= 0 && end <= this.#base + this.#window.length) return at;
    this.#base = this.#pos;
    this.#window = inMemory(partOf(this.#bytes, this.#pos, Math.min(this.#pos + WINDOW, this.#bytes.length)));
    this.#view = viewOf(this.#window);
    return 0;
  }

  /** Reads more than a few bytes at a time. */
  #part(start: number, end: number): Bytes {
    const part = partOf(this.#bytes, start, end);
    if (isInMemory(part) || part.length > WINDOW) return part;
    const at = start - this.#base;
    return at >= 0 && end <= this.#base + this.#window.length ? this.#window.slice(at, at + part.length) : inMemory(part);
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength);

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
