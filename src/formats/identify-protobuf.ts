// Files in Protocol Buffers have no signature: they are recognised by their fields and the fields' kinds, and because these
// fill the file.

import { type Bytes, inMemory, partOf } from './bytes.ts';

interface Field {
  readonly number: number;
  /** By wire type: v(arint), q(uad, 64 bits), b(ytes), w(ord, 32 bits). */
  readonly kind: string;
  /** A varint's value; the length of bytes. */
  readonly value: number;
  readonly body: Bytes;
}

/** How many fields are enough to recognise a file. */
const MOST_FIELDS = 64;

/** The first fields of a message, at most that many; undefined if they do not fill it. */
function skim(bytes: Bytes): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length && fields.length < MOST_FIELDS; ) {
    const head = inMemory(partOf(bytes, at, at + 20));
    let next = 0;
    const varint = (): number => {
      let value = 0;
      for (let i = 0; i < 10; i++) {
        const byte = head[next++];
        if (byte === undefined) return Number.NaN;
        value += (byte & 0x7f) * 128 ** i;
        if (byte < 0x80) return value;
      }
      return Number.NaN;
    };
    const tag = varint();
    const kind = 'vqb--w'[tag % 8] ?? '-';
    const value = kind === 'v' || kind === 'b' ? varint() : 0;
    const from = at + next;
    at = from + (kind === 'b' ? value : kind === 'q' ? 8 : kind === 'w' ? 4 : 0);
    if (kind === '-' || !(tag >= 8) || Number.isNaN(value) || at > bytes.length) return undefined;
    fields.push({ number: Math.floor(tag / 8), kind, value, body: partOf(bytes, from, at) });
  }
  return fields;
}

/** `1v 2b 7b`: field numbers and kinds. */
const formOf = (fields: readonly Field[] | undefined): string => (fields ?? []).map(({ number, kind }) => `${number}${kind}`).join(' ');

const textOf = (field: Field | undefined): string => (field && field.value < 1000 ? new TextDecoder().decode(inMemory(field.body)) : '');

export const coreml = 'a Core ML model: it has no way back to ONNX; write the ONNX file from the network that it was made of';

export const onnx = "an ONNX model: load it by load of lanewise, or compile it by 'lanewise compile'";

export const tensor =
  "one tensor of ONNX, as its test data is kept, not a model: readTensorProto of lanewise/onnx reads it, and 'lanewise verify FOLDER' the folder of a test";

/** Fields of ONNX's ModelProto, without its graph (7). */
const ofModel = '(?: (?:2b|3b|4b|5v|6b|8b|14b|20b|25b|26b))*';

/** What kind of Protocol Buffers file this is, with advice. Undefined if it is not recognised. */
export function identifyProtobuf(bytes: Bytes): string | undefined {
  const fields = skim(bytes);
  const form = formOf(fields);
  const [first, second] = fields ?? [];
  if (!fields || !first) return undefined;
  if (new RegExp(`^1v${ofModel} 7b`).test(form)) return onnx;
  if (/^1v( 2b)+$/.test(form) && first.value === 1 && isMetaGraph(second as Field)) {
    return "a TensorFlow SavedModel: convert its folder by 'python -m tf2onnx.convert --saved-model FOLDER --output model.onnx'";
  }
  // Core ML's last field gives the kind of model, by a field number from 200 on.
  if (/^1v 2b( \d+[vb])* ([2-9]\d\d|[12]\d\d\d)b( \d+[vb])*$/.test(form) && /^(1|10)b/.test(formOf(skim((second as Field).body)))) {
    return coreml;
  }
  if (/^1b( [1245]b| 3v)*$/.test(form) && fields.every((field) => field.number !== 1 || isTensorFlowNode(field))) {
    return "a graph of TensorFlow (.pb): convert it by 'python -m tf2onnx.convert --graphdef model.pb --inputs NAME:0 --outputs NAME:0 --output model.onnx'";
  }
  if (/^(1[vb] )*2v( (4[bw]|5[bv]|6b|7[bv]|8b|9b|10[bq]|11[bv]|12b|13b|14v|16b))+$/.test(form)) {
    return tensor;
  }
  if (new RegExp(`^1v${ofModel}$`).test(form)) return 'an ONNX file without a graph: it was not written to its end; export it again';
  return undefined;
}

/** MetaGraphDef, by its MetaInfoDef: tags, and the version of TensorFlow. */
function isMetaGraph({ body }: Field): boolean {
  const [info] = skim(body) ?? [];
  return info?.number === 1 && info.kind === 'b' && /^(1b )?(2b )?(3b )?(4b )*5b( |$)/.test(formOf(skim(info.body)));
}

/** NodeDef: a name, an operator, inputs, a device, attributes. In ONNX's NodeProto the second would be an output. */
function isTensorFlowNode({ body }: Field): boolean {
  const fields = skim(body);
  return /^1b 2b( [3-7]b)*$/.test(formOf(fields)) && /^[\w./>-]+$/.test(textOf(fields?.[0])) && /^[A-Z_]\w*$/.test(textOf(fields?.[1]));
}
