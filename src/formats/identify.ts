// What an unreadable file is, with advice: a chunk that is loaded when a reader has refused a file.

import { LanewiseError } from '../errors.ts';
import { type Bytes, inMemory, partOf, startOf } from './bytes.ts';
import { coreml, identifyProtobuf, onnx, tensor } from './identify-protobuf.ts';

/** Bytes that are examined at either end of the file. */
const WINDOW = 64 * 1024;

/** The end of a reader's message when it does not recognise a file. */
const unrecognised = / is (not an ONNX model|not an ONNX tensor|no compiled model)$/;

/**
 * A reader's error for an unrecognised file, with what the file is, or at least how it starts. Other errors are returned
 * unchanged.
 */
export function identified(error: unknown, bytes: Bytes): unknown {
  const [, wanted] = (error instanceof LanewiseError && unrecognised.exec(error.message)) || [];
  if (wanted === undefined) return ofStrings(error);
  const known = identify(bytes);
  // If the file nearly is what was wanted, naming its kind would not help.
  const recognised = known !== undefined && known !== { 'not an ONNX model': onnx, 'not an ONNX tensor': tensor }[wanted];
  const is = recognised ? `it is ${known}` : startOf(inMemory(partOf(bytes, 0, 24)));
  return new LanewiseError('INVALID_FILE', `${(error as LanewiseError).message}: ${is}`, { cause: error });
}

/** No reader reads strings; among those types it is the one that people meet. */
function ofStrings(error: unknown): unknown {
  const [, holder] = (error instanceof LanewiseError && /^(.*) has element type string, /s.exec(error.message)) || [];
  if (holder === undefined) return error;
  const help = 'take the part of the model that works on them off (onnx.utils.extract_model in Python), and do it in JavaScript';
  return new LanewiseError('UNSUPPORTED', `${holder} holds strings, which are not supported: ${help}`, { cause: error });
}

/** What the reader gives for the bytes; if it does not recognise them, the error says what they are. */
export function naming<T>(bytes: Bytes, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw identified(error, bytes);
  }
}

/** What the file is, with advice. Undefined if it is not recognised. */
export function identify(bytes: Bytes): string | undefined {
  if (bytes.length === 0) return 'empty: it was not written or downloaded to its end';
  const head = inMemory(partOf(bytes, 0, WINDOW));
  const tail = inMemory(partOf(bytes, Math.max(0, bytes.length - WINDOW), bytes.length));
  const start = latin1(head);
  const signature = signatures.find(([mark, , at = 0]) => start.startsWith(mark, at));
  return (
    signature?.[1] ??
    (start.startsWith('PK\x03\x04') ? identifyZip(start, latin1(tail)) : undefined) ??
    identifyFlatbuffer(start, bytes.length) ??
    identifyPickle(head, tail) ??
    identifyRiff(start) ??
    identifySafetensors(head, start, bytes.length) ??
    identifyText(head, bytes.length > head.length) ??
    identifyProtobuf(bytes)
  );
}

/** One character per byte; TextDecoder's 'latin1' is windows-1252. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  // Engines limit the number of arguments of a call.
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

const exported = "load it in Python and write the model by torch.onnx.export(model, example, 'model.onnx')";
const converted = (option: string) => `convert it by 'python -m tf2onnx.convert ${option} --output model.onnx'`;
const picture = (kind: string) =>
  `a picture (${kind}): the model is another file; pictures become its inputs by lanewise/vision, or by 'lanewise run MODEL PICTURE'`;
const packed = (kind: string) => `packed (${kind}): unpack it first`;

/** Signatures: what they mean, and their offset if it is not 0. */
const signatures: readonly (readonly [mark: string, meaning: string, at?: number])[] = [
  ['lanewise', "a model that 'lanewise compile' has compiled: load it by load of lanewise or lanewise/runtime"],
  ['\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', `a PyTorch checkpoint (.pt, .pth) of the older kind: ${exported}`],
  ['\x89HDF\r\n\x1a\n', `an HDF5 file, as Keras writes them (.h5): ${converted('--keras model.h5')}`],
  ['GGUF', 'a GGUF file of llama.cpp, which holds a language model: Lanewise runs convolutional networks from ONNX files'],
  [
    '\x93NUMPY',
    "a NumPy array (.npy), not a model: readNpy of lanewise/formats reads it, and 'lanewise run MODEL ARRAY.npy' runs a model on it",
  ],
  ['\x89PNG\r\n\x1a\n', picture('PNG')],
  ['\xff\xd8\xff', picture('JPEG')],
  ['GIF8', picture('GIF')],
  ['ftypavif', picture('AVIF'), 4],
  ['ftyphei', picture('HEIC'), 4],
  ['%PDF-', 'a PDF document: the model is another file'],
  ['\x1f\x8b\x08', packed('gzip')],
  ['BZh', packed('bzip2')],
  ['\xfd7zXZ\0', packed('xz')],
  ['\x28\xb5\x2f\xfd', packed('zstd')],
  ['7z\xbc\xaf\x27\x1c', packed('7z')],
  ['Rar!\x1a\x07', packed('rar')],
  ['ustar', packed('tar'), 257],
  ['\0asm', 'WebAssembly: a model is an ONNX file, and the binary goes into the option wasm'],
];

/** Looks at the names of the files inside, as far as they are near either end. */
function identifyZip(head: string, tail: string): string {
  const names = new Set([...zipNames(head, 'PK\x03\x04', 26, 30), ...zipNames(tail, 'PK\x01\x02', 28, 46)]);
  const list = [...names];
  const holds = (name: RegExp) => list.some((entry) => name.test(entry));
  if (holds(/(^|\/)archive_format$|(^|\/)serialized_exported_program\.json$/)) {
    return "a program that torch.export wrote (.pt2): write the model by torch.onnx.export(torch.export.load('model.pt2').module(), example, 'model.onnx') in Python";
  }
  if (holds(/(^|\/)data\.pkl$/)) {
    return holds(/\/code\/|(^|\/)constants\.pkl$/)
      ? "a TorchScript model: write it by torch.onnx.export(torch.jit.load('model.pt'), example, 'model.onnx') in Python"
      : `a PyTorch checkpoint (.pt, .pth): ${exported}`;
  }
  if (names.has('config.json') && (names.has('metadata.json') || names.has('model.weights.h5'))) {
    return "a Keras model (.keras): write it by model.export('model.onnx', format='onnx') in Python";
  }
  if (holds(/(^|\/)com\.apple\.CoreML\//)) return coreml;
  if (list.length > 0 && list.every((name) => name.endsWith('.npy'))) {
    return 'NumPy arrays (.npz), not a model: unpack it, and readNpy of lanewise/formats reads each';
  }
  const model = list.find((name) => /\.onnx$/i.test(name));
  return model ? `a ZIP archive: unpack it, and load '${model}'` : packed('ZIP');
}

/** What follows each mark: names, whose length is the 16 bits at `lengthAt`. */
function zipNames(text: string, mark: string, lengthAt: number, nameAt: number): string[] {
  const names: string[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const length = text.charCodeAt(at + lengthAt) + 256 * text.charCodeAt(at + lengthAt + 1);
    if (at + nameAt + length <= text.length) names.push(text.slice(at + nameAt, at + nameAt + length));
  }
  return names;
}

const flatbuffers: Readonly<Record<string, string>> = {
  TFL3: `a TensorFlow Lite model (.tflite): ${converted('--tflite model.tflite')}`,
  ORTM: "a model in onnxruntime's own format (.ort): load the .onnx file that it was made of",
};

/** The offset of the root table, then the file identifier. */
function identifyFlatbuffer(start: string, length: number): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((i) => start.charCodeAt(i));
  const kind = start.slice(4, 8);
  return a + 256 * (b + 256 * (c + 256 * d)) < length && Object.hasOwn(flatbuffers, kind) ? flatbuffers[kind] : undefined;
}

function identifyPickle(head: Uint8Array, tail: Uint8Array): string | undefined {
  const [mark, protocol = 0, next] = head;
  // Protocols 4 and 5 begin with a frame; every pickle ends in a full stop.
  const ends = tail.at(-1) === 0x2e;
  if (mark !== 0x80 || protocol < 2 || protocol > 5 || !(ends && (protocol < 4 || next === 0x95))) return undefined;
  return `a Python pickle: ${exported}; of scikit-learn by skl2onnx`;
}

const identifyRiff = (start: string): string | undefined =>
  start.startsWith('RIFF') && start.startsWith('WEBP', 8) ? picture('WebP') : undefined;

function identifySafetensors(head: Uint8Array, start: string, length: number): string | undefined {
  const size = head.length > 8 ? Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true)) : 0;
  const header = start.slice(8, 8 + size);
  if (size < 2 || size > length - 8 || !/^\{\s*"/.test(header) || !/"(dtype|__metadata__)"\s*:/.test(header)) return undefined;
  return "a safetensors file, which holds weights and no network: give it to loadWeights of a network of lanewise/layers or lanewise/zoo, or put its weights into a graph by 'lanewise convert WEIGHTS.safetensors OUT.onnx --graph BASE.onnx'";
}

/** @param more whether the file is longer than this part */
function identifyText(head: Uint8Array, more: boolean): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: more }).trimStart();
  } catch {
    return undefined;
  }
  if (/(?![\t\n\f\r])\p{Cc}/u.test(text)) return undefined;
  if (/^version https:\/\/git-lfs\.github\.com\//.test(text)) {
    return "a Git LFS pointer, which stands for the file: fetch it by 'git lfs pull', or from an address with /resolve/ in place of /raw/ at Hugging Face";
  }
  if (/^(<!--.*?-->\s*)?<(!doctype html|html|head|body)\b/is.test(text)) {
    return 'an HTML page: a server that answers with one has no such file; check the address (development servers give their start page for what is missing)';
  }
  if (/^<(\?xml|!doctype|\w+[\s>])/i.test(text)) return identifyXml(text);
  if (/^[{[]\s*(["{[\d\]}-]|true|false|null)/.test(text)) return identifyJson(text, more);
  if (/^7767517\s/.test(text)) return 'a network of ncnn (.param): write the ONNX file from the network that it was made of';
  if (/^<?\s*ir_version\s*:/.test(text)) {
    return 'an ONNX model written as text: read it by onnx.parser or google.protobuf.text_format in Python, and write it by onnx.save';
  }
  return `text that starts with ${JSON.stringify(text.slice(0, 24))}: a model is a binary file`;
}

function identifyXml(text: string): string {
  if (/<net\s[^>]*\bversion=/.test(text)) {
    return 'a network of OpenVINO (.xml): it has no way back to ONNX; load the .onnx file that it was made of';
  }
  const [, said] = /<Message>([^<]*)</.exec(text) ?? [];
  return said ? `an answer of a server: '${short(said)}'; check the address` : 'an XML document: check the path or the address';
}

function identifyJson(text: string, more: boolean): string {
  if (/"modelTopology"\s*:|"format"\s*:\s*"(layers|graph)-model"/.test(text)) {
    return `a model of TensorFlow.js (model.json): ${converted('--tfjs model.json')}`;
  }
  if (/"irVersion"\s*:/.test(text)) {
    return 'an ONNX model written as JSON: read it by google.protobuf.json_format in Python, and write it by onnx.save';
  }
  const said = more ? undefined : messageOf(text);
  return said
    ? `JSON with the message '${short(said)}': the server has no such file, or does not give it; check the address, and who may read it`
    : 'JSON: check the path or the address';
}

/** What a web API's answer says. */
function messageOf(text: string): string | undefined {
  try {
    const { error, message = error?.message ?? error, detail = message } = JSON.parse(text) ?? {};
    return typeof detail === 'string' && detail !== '' ? detail : undefined;
  } catch {
    return undefined;
  }
}

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);
