import { PbfWriter } from 'pbf';
import type { DataType, TypedArray } from '../../src/graph/tensor.ts';

/** Element types by ONNX's names, and those that Lanewise refuses. */
export type OnnxType = DataType | 'float16' | 'bfloat16' | PackedType | RefusedType;

/** Whole numbers of which a byte holds several, the first in its lowest bits. */
export type PackedType = 'uint4' | 'int4' | 'uint2' | 'int2';

export type RefusedType =
  | 'string'
  | 'complex64'
  | 'complex128'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float4e2m1'
  | 'float8e8m0';

const typeCodes: Record<OnnxType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
};

export interface TensorSpec {
  name?: string;
  /** One dimension of data's length where left out. */
  dims?: readonly (number | bigint)[];
  /** float32 where left out. */
  type?: OnnxType;
  /** Values; for float16 and bfloat16 too, rounded to nearest. Left out: a tensor without data. */
  data?: readonly (number | bigint | boolean)[] | TypedArray;
  /** raw_data (the default), the type's own field, or that field with one entry per element. */
  as?: 'raw' | 'typed' | 'unpacked';
  /** Says that the data lies in this other file, or with these entries. */
  external?: string | Readonly<Record<string, string>>;
}

/** Integers become INT and INTS, strings STRING and STRINGS; a float is asked for. */
export type AttributeSpec =
  | number
  | bigint
  | readonly (number | bigint)[]
  | string
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorSpec }
  | { readonly graph: GraphSpec }
  /** In a function: the attribute of its call. */
  | { readonly ref: string };

export interface ValueSpec {
  name: string;
  /** float32 where left out; null leaves the type out of the file. */
  type?: OnnxType | null;
  /** Sizes, names, '' for unknown; without a shape where left out. */
  dims?: readonly (number | string)[];
  /** A sequence of such tensors, or an optional one. */
  list?: 'sequence' | 'optional';
}

export interface NodeSpec {
  op: string;
  inputs?: readonly string[];
  outputs?: readonly string[];
  name?: string;
  domain?: string;
  overload?: string;
  attributes?: Readonly<Record<string, AttributeSpec>>;
}

export interface FunctionSpec {
  domain: string;
  name: string;
  overload?: string;
  inputs?: readonly string[];
  outputs?: readonly string[];
  nodes?: readonly NodeSpec[];
  /** Those without a default, and those with one. */
  attributes?: readonly string[];
  defaults?: Readonly<Record<string, AttributeSpec>>;
  opset?: Readonly<Record<string, number>>;
}

export interface GraphSpec {
  name?: string;
  inputs?: readonly ValueSpec[];
  outputs?: readonly ValueSpec[];
  initializers?: readonly TensorSpec[];
  nodes?: readonly NodeSpec[];
}

export interface ModelSpec extends GraphSpec {
  /** 8 where left out. */
  ir?: number;
  /** Of ONNX's own domain, or of each domain; 13 where left out, null for none. */
  opset?: number | Readonly<Record<string, number>> | null;
  producer?: string;
  metadata?: Readonly<Record<string, string>>;
  functions?: readonly FunctionSpec[];
}

/** The bytes of a .onnx file. Nothing is checked: tests write broken models too. */
export function encodeModel(spec: ModelSpec): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, spec.ir ?? 8);
  if (spec.producer !== undefined) pbf.writeStringField(2, spec.producer);
  pbf.writeMessage(7, writeGraph, spec);
  const opset = spec.opset === undefined ? 13 : spec.opset;
  const opsets = typeof opset === 'number' ? { '': opset } : (opset ?? {});
  writeOpsets(pbf, 8, opsets);
  for (const pair of Object.entries(spec.metadata ?? {})) pbf.writeMessage(14, writePair, pair);
  for (const made of spec.functions ?? []) pbf.writeMessage(25, writeFunction, made);
  return pbf.finish().slice();
}

function writeOpsets(pbf: PbfWriter, field: number, opsets: Readonly<Record<string, number>>): void {
  for (const [domain, version] of Object.entries(opsets)) {
    const write = () => {
      if (domain) pbf.writeStringField(1, domain);
      pbf.writeVarintField(2, version);
    };
    pbf.writeMessage(field, write, null);
  }
}

function writeFunction(spec: FunctionSpec, pbf: PbfWriter): void {
  const { name, domain, overload, inputs = [], outputs = [], nodes = [], attributes = [], defaults = {}, opset = { '': 13 } } = spec;
  pbf.writeStringField(1, name);
  for (const input of inputs) pbf.writeStringField(4, input);
  for (const output of outputs) pbf.writeStringField(5, output);
  for (const attribute of attributes) pbf.writeStringField(6, attribute);
  for (const node of nodes) pbf.writeMessage(7, writeNode, node);
  writeOpsets(pbf, 9, opset);
  pbf.writeStringField(10, domain);
  for (const attribute of Object.entries(defaults)) pbf.writeMessage(11, writeAttribute, attribute);
  if (overload !== undefined) pbf.writeStringField(13, overload);
}

/** The bytes of a serialized TensorProto, as in the .pb files of ONNX's backend tests. */
export function encodeTensor(spec: TensorSpec): Uint8Array {
  const pbf = new PbfWriter();
  writeTensor(spec, pbf);
  return pbf.finish().slice();
}

function writePair([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeGraph({ nodes = [], name = 'test', initializers = [], inputs = [], outputs = [] }: GraphSpec, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const tensor of initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of outputs) pbf.writeMessage(12, writeValue, value);
}

function writeNode({ op, inputs = [], outputs = [], name, domain, overload, attributes = {} }: NodeSpec, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  if (name !== undefined) pbf.writeStringField(3, name);
  pbf.writeStringField(4, op);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute);
  if (domain !== undefined) pbf.writeStringField(7, domain);
  if (overload !== undefined) pbf.writeStringField(8, overload);
}

function writeAttribute([name, value]: [string, AttributeSpec], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  const kind = (code: number) => pbf.writeVarintField(20, code);
  const list = Array.isArray(value) ? (value as readonly (number | bigint | string)[]) : undefined;
  if (typeof value === 'number' || typeof value === 'bigint') {
    writeInt(pbf, 3, value);
    kind(2);
  } else if (typeof value === 'string') {
    pbf.writeStringField(4, value);
    kind(3);
  } else if (list) {
    const texts = typeof list[0] === 'string';
    for (const item of list) {
      if (texts) pbf.writeStringField(9, item as string);
      else writeInt(pbf, 8, item as number);
    }
    kind(texts ? 8 : 7);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    kind(1);
  } else if ('floats' in value) {
    for (const item of value.floats) pbf.writeFloatField(7, item);
    kind(6);
  } else if ('ints' in value) {
    for (const item of value.ints) writeInt(pbf, 8, item);
    kind(7);
  } else if ('strings' in value) {
    for (const item of value.strings) pbf.writeStringField(9, item);
    kind(8);
  } else if ('tensor' in value) {
    pbf.writeMessage(5, writeTensor, value.tensor);
    kind(4);
  } else if ('graph' in value) {
    pbf.writeMessage(6, writeGraph, value.graph);
    kind(5);
  } else if ('ref' in value) pbf.writeStringField(21, value.ref);
}

function writeValue({ name, type = 'float32', dims, list }: ValueSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (type === null) return;
  const writeDim = (dim: number | string) => {
    if (typeof dim === 'number') writeInt(pbf, 1, dim);
    else if (dim) pbf.writeStringField(2, dim);
  };
  const writeShape = (sizes: readonly (number | string)[]) => {
    for (const dim of sizes) pbf.writeMessage(1, writeDim, dim);
  };
  const writeTensorType = () => {
    pbf.writeVarintField(1, typeCodes[type]);
    if (dims) pbf.writeMessage(2, writeShape, dims);
  };
  const writeType = () => pbf.writeMessage(1, writeTensorType, null);
  const writeList = (field: number) => pbf.writeMessage(field, () => pbf.writeMessage(1, writeType, null), null);
  pbf.writeMessage(2, () => (list ? writeList(list === 'sequence' ? 4 : 9) : writeType()), null);
}

function writeTensor({ name, type = 'float32', data, dims = [data?.length ?? 0], as = 'raw', external }: TensorSpec, pbf: PbfWriter): void {
  for (const dim of dims) writeInt(pbf, 1, dim);
  pbf.writeVarintField(2, typeCodes[type]);
  if (name !== undefined) pbf.writeStringField(8, name);
  if (external !== undefined) {
    for (const entry of Object.entries(typeof external === 'string' ? { location: external } : external)) {
      pbf.writeMessage(13, writePair, entry);
    }
    pbf.writeVarintField(14, 1);
  }
  if (!data) return;
  const values = Array.from(data as ArrayLike<number | bigint | boolean>);
  const items = /int[24]$/.test(type) ? packed(values.map(Number), Number(type.slice(-1))) : values;
  const [field, width, encode] = storage(type);
  const wire = field === 4 ? 5 : field === 10 ? 1 : 0;
  if (as === 'raw') {
    const bytes = new DataView(new ArrayBuffer(items.length * width));
    items.forEach((item, i) => {
      const at = i * width;
      if (field === 4) bytes.setFloat32(at, Number(item), true);
      else if (field === 10) bytes.setFloat64(at, Number(item), true);
      else if (width === 8) bytes.setBigInt64(at, encode(item), true);
      else if (width === 4) bytes.setInt32(at, Number(encode(item)), true);
      else if (width === 2) bytes.setInt16(at, Number(encode(item)), true);
      else bytes.setInt8(at, Number(encode(item)));
    });
    pbf.writeBytesField(9, new Uint8Array(bytes.buffer));
    return;
  }
  const writeItem = (item: number | bigint | boolean) => {
    if (wire === 5) pbf.writeFloat(Number(item));
    else if (wire === 1) pbf.writeDouble(Number(item));
    else writeVarint(pbf, encode(item));
  };
  if (as === 'typed') pbf.writeMessage(field, () => items.forEach(writeItem), null);
  else {
    for (const item of items) {
      pbf.writeTag(field, wire);
      writeItem(item);
    }
  }
}

/** The bytes of elements of so many bits. */
function packed(values: readonly number[], bits: number): number[] {
  const bytes = new Array<number>(Math.ceil((values.length * bits) / 8)).fill(0);
  values.forEach((value, i) => {
    const at = Math.floor((i * bits) / 8);
    bytes[at] = (bytes[at] ?? 0) + (value & (2 ** bits - 1)) * 2 ** ((i * bits) % 8);
  });
  return bytes;
}

/** The field of TensorProto for a type, its bytes per element in raw_data, and an element's bits. */
function storage(type: OnnxType): [field: number, width: number, encode: (item: number | bigint | boolean) => bigint] {
  const whole = (item: number | bigint | boolean) => BigInt(item);
  if (type === 'float32') return [4, 4, whole];
  if (type === 'float64') return [10, 8, whole];
  if (type === 'int64') return [7, 8, whole];
  if (type === 'uint64') return [11, 8, whole];
  if (type === 'uint32') return [11, 4, whole];
  if (type === 'float16') return [5, 2, (item) => BigInt(float16Bits(Number(item)))];
  if (type === 'bfloat16') return [5, 2, (item) => BigInt(bfloat16Bits(Number(item)))];
  return [5, /32/.test(type) ? 4 : /16/.test(type) ? 2 : 1, whole];
}

/** IEEE 754 binary16, rounded to nearest, ties to even. */
export function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Infinity) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 2 ** -24)));
  const steps = roundEven(size / 2 ** (exponent - 10));
  const bits = (exponent + 14) * 1024 + steps;
  return sign | Math.min(bits, 0x7c00);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
export function bfloat16Bits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  return Number.isNaN(value) ? 0x7fc0 : roundEven(bits / 65536) & 0xffff;
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}

function writeInt(pbf: PbfWriter, field: number, value: number | bigint): void {
  pbf.writeTag(field, 0);
  writeVarint(pbf, BigInt(value));
}

/** All 64 bits; pbf's own writer takes numbers only. */
function writeVarint(pbf: PbfWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    pbf.realloc(1);
    pbf.buf[pbf.pos++] = low | (rest ? 0x80 : 0);
  } while (rest);
}
