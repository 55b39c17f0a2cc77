// Files that are no ONNX models: what they are is said, and what helps.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PbfWriter } from 'pbf';
import { load as loadCompiled } from '../../src/compiled/index.ts';
import { compileModel } from '../../src/compiled/write.ts';
import { identify } from '../../src/formats/identify.ts';
import { externalLocations, readOnnx, readTensorProto, writeNpy, writeSafetensors } from '../../src/formats/index.ts';
import { readOnnx as readPlain } from '../../src/formats/onnx/index.ts';
import { LanewiseError, load, Tensor } from '../../src/index.ts';
import { lanewise } from '../cli/lanewise.ts';
import { failure } from '../failure.ts';
import { choices } from '../numbers.ts';
import { encodeModel, encodeTensor } from './onnx-writer.ts';
import { zip } from './zip.ts';

const bytes = (latin1: string) => Uint8Array.from(Buffer.from(latin1, 'latin1'));
const text = (utf8: string) => Uint8Array.from(Buffer.from(utf8));

/** A message of Protocol Buffers: numbers, texts, bytes, and messages in messages. */
type Message = readonly (readonly [field: number, value: number | string | Uint8Array | Message])[];
function protobuf(message: Message): Uint8Array {
  const pbf = new PbfWriter();
  for (const [field, value] of message) {
    if (typeof value === 'number') pbf.writeVarintField(field, value);
    else if (typeof value === 'string') pbf.writeStringField(field, value);
    else pbf.writeBytesField(field, value instanceof Uint8Array ? value : protobuf(value));
  }
  return pbf.finish().slice();
}

const flatbuffer = (kind: string) => bytes(`\x1c\0\0\0${kind}${'\0'.repeat(40)}`);

const tensorflowNode = (name: string, op: string): Message => [
  [1, name],
  [2, op],
  [
    5,
    [
      [1, 'dtype'],
      [2, [[6, 1]]],
    ],
  ],
];

const legacyTorch = bytes('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.');

const kinds: readonly (readonly [kind: string, bytes: Uint8Array, names: RegExp, step: RegExp])[] = [
  ['a PyTorch checkpoint', zip('archive/data.pkl', 'archive/data/0', 'archive/version'), /a PyTorch checkpoint/, /torch\.onnx\.export/],
  ['TorchScript', zip('net/data.pkl', 'net/code/__torch__.py', 'net/constants.pkl'), /a TorchScript model/, /torch\.jit\.load/],
  ['torch.export', zip('m/archive_format', 'm/models/model.json', 'm/data/weights/w.pt'), /torch\.export wrote/, /torch\.export\.load/],
  [
    'torch.export of 2.1',
    zip('serialized_exported_program.json', 'serialized_state_dict.pt'),
    /torch\.export wrote/,
    /torch\.onnx\.export/,
  ],
  ['PyTorch before 1.6', legacyTorch, /a PyTorch checkpoint .* of the older kind/, /torch\.onnx\.export/],
  ['a pickle', bytes('\x80\x04\x95\x05\0\0\0\0\0\0\0}\x94.'), /a Python pickle/, /skl2onnx/],
  ['a pickle of protocol 3', bytes('\x80\x03}q\0.'), /a Python pickle/, /torch\.onnx\.export/],
  ['Keras 3', zip('metadata.json', 'config.json', 'model.weights.h5'), /a Keras model/, /model\.export\('model\.onnx', format='onnx'\)/],
  ['HDF5', bytes('\x89HDF\r\n\x1a\n\0\0\0\0'), /an HDF5 file, as Keras/, /tf2onnx\.convert --keras/],
  ['TFLite', flatbuffer('TFL3'), /a TensorFlow Lite model/, /tf2onnx\.convert --tflite/],
  ['ORT', flatbuffer('ORTM'), /onnxruntime's own format/, /load the \.onnx file that it was made of/],
  ['tfjs layers', text('{"format": "layers-model", "modelTopology": {}}'), /a model of TensorFlow\.js/, /tf2onnx\.convert --tfjs/],
  ['tfjs graph', text('{"format":"graph-model","weightsManifest":[]}'), /a model of TensorFlow\.js/, /tf2onnx\.convert --tfjs/],
  ['old tfjs', text('{"modelTopology":{"node":[]},"weightsManifest":[]}'), /a model of TensorFlow\.js/, /tf2onnx/],
  [
    'SavedModel',
    protobuf([
      [1, 1],
      [
        2,
        [
          [
            1,
            [
              [2, [[1, [[1, 'Add']]]]],
              [4, 'serve'],
              [5, '2.15.0'],
            ],
          ],
          [2, [[1, tensorflowNode('x', 'Placeholder')]]],
        ],
      ],
    ]),
    /a TensorFlow SavedModel/,
    /tf2onnx\.convert --saved-model/,
  ],
  [
    'GraphDef',
    protobuf([
      [1, tensorflowNode('input', 'Placeholder')],
      [1, tensorflowNode('conv/weights', 'Const')],
      [4, [[1, 1087]]],
    ]),
    /a graph of TensorFlow/,
    /tf2onnx\.convert --graphdef/,
  ],
  ['GGUF', bytes('GGUF\x03\0\0\0'), /a GGUF file/, /convolutional networks from ONNX files/],
  [
    'safetensors',
    writeSafetensors(new Map([['w', new Tensor('float32', [1, 2])]])),
    /a safetensors file/,
    /loadWeights .*--graph BASE\.onnx/,
  ],
  ['npy', writeNpy(new Tensor('float32', [1, 2])), /a NumPy array/, /readNpy/],
  ['npz', zip('a.npy', 'b.npy'), /NumPy arrays \(\.npz\)/, /readNpy/],
  ['Git LFS', text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1096425\n'), /a Git LFS pointer/, /git lfs pull/],
  ['a web page', text('\n<!DOCTYPE html><html><body>x</body></html>'), /an HTML page/, /check the address/],
  ['a web page with a byte order mark', text('\ufeff<html lang="de">'), /an HTML page/, /check the address/],
  ['an error of an API', text('{"error":"Repository not found"}'), /JSON with the message 'Repository not found'/, /who may read it/],
  ['an error in an object', text('{"error":{"code":404,"message":"No such object"}}'), /'No such object'/, /check the address/],
  ['JSON', text('[1, 2, 3]'), /JSON/, /check the path or the address/],
  ['ONNX as JSON', text('{"irVersion":"8","graph":{}}'), /an ONNX model written as JSON/, /json_format/],
  ['ONNX as text', text('ir_version: 8\ngraph {\n}'), /an ONNX model written as text/, /text_format/],
  ["ONNX's own text", text('<\n  ir_version: 8,\n  opset_import: ["" : 17]\n>\n'), /an ONNX model written as text/, /onnx\.parser/],
  [
    'an error of a store',
    text('<?xml version="1.0"?><Error><Message>Access Denied</Message></Error>'),
    /'Access Denied'/,
    /check the address/,
  ],
  ['XML', text('<?xml version="1.0"?><a/>'), /an XML document/, /check the path/],
  ['OpenVINO', text('<?xml version="1.0"?>\n<net name="m" version="11">\n<layers>'), /a network of OpenVINO/, /load the \.onnx file/],
  ['ncnn', text('7767517\n3 3\nInput data 0 1 data\n'), /a network of ncnn/, /write the ONNX file/],
  ['text', text('Größe: 3'), /text that starts with "Größe: 3"/, /a model is a binary file/],
  ['gzip', bytes('\x1f\x8b\x08\0\0\0\0\0'), /packed \(gzip\)/, /unpack it first/],
  ['zstd', bytes('\x28\xb5\x2f\xfd\0\0'), /packed \(zstd\)/, /unpack it first/],
  ['tar', bytes(`${'model.onnx'.padEnd(257, '\0')}ustar\x0000`), /packed \(tar\)/, /unpack it first/],
  ['a ZIP with a model', zip('readme.txt', 'best/model.onnx'), /a ZIP archive/, /load 'best\/model\.onnx'/],
  ['a ZIP', zip('a.txt'), /packed \(ZIP\)/, /unpack it first/],
  ['an empty file', new Uint8Array(0), /it is empty/, /downloaded to its end/],
  [
    'ONNX without a graph',
    protobuf([
      [1, 8],
      [2, 'pytorch'],
      [8, [[2, 17]]],
    ]),
    /an ONNX file without a graph/,
    /export it again/,
  ],
  ['a tensor', encodeTensor({ name: 't', dims: [2], data: [1, 2] }), /one tensor of ONNX/, /readTensorProto/],
  ['a tensor without dimensions', encodeTensor({ name: 't', dims: [], data: [1], type: 'int64' }), /one tensor of ONNX/, /verify/],
  [
    'PNG',
    Uint8Array.from(readFileSync(new URL('../../models/cat.png', import.meta.url))),
    /a picture \(PNG\)/,
    /lanewise run MODEL PICTURE/,
  ],
  ['JPEG', bytes('\xff\xd8\xff\xe0\0\x10JFIF'), /a picture \(JPEG\)/, /lanewise\/vision/],
  ['WebP', bytes('RIFF\x24\0\0\0WEBPVP8 '), /a picture \(WebP\)/, /lanewise\/vision/],
  [
    'Core ML',
    protobuf([
      [1, 4],
      [
        2,
        [
          [1, [[1, 'image']]],
          [10, [[1, 'out']]],
        ],
      ],
      [500, [[1, [[1, 'conv']]]]],
    ]),
    /a Core ML model/,
    /no way back to ONNX/,
  ],
  ['a packed Core ML model', zip('m/Manifest.json', 'm/Data/com.apple.CoreML/model.mlmodel'), /a Core ML model/, /no way back to ONNX/],
  ['WebAssembly', bytes('\0asm\x01\0\0\0'), /WebAssembly/, /option wasm/],
];

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as LanewiseError,
  );

describe('what is no ONNX model is named, and what helps', () => {
  test.each(kinds)('%s', async (_, file, names, step) => {
    const error = failure(() => readOnnx(file, 'model.onnx'));
    expect(error.code).toBe('INVALID_FILE');
    expect(error.message).toMatch(/^model\.onnx is not an ONNX model: it is /);
    expect(error.message).toMatch(names);
    expect(error.message).toMatch(step);
    expect(error.message).not.toMatch(/starts with (?!"Größe)/);
    // The same from every door.
    expect(failure(() => externalLocations(file, 'model.onnx')).message).toBe(error.message);
    expect(await refusal(load(file))).toMatchObject({ code: 'INVALID_FILE', message: error.message.replace('model.onnx', 'the model') });
  });

  test('from a server', async () => {
    const page = new Response('<!doctype html><html></html>', { headers: { 'content-type': 'text/html' } });
    expect(await refusal(load(page))).toMatchObject({
      message: expect.stringMatching(/^the response is not an ONNX model: it is an HTML page/),
    });
  });

  test('of compiled models, too', async () => {
    const model = encodeModel({
      opset: 13,
      inputs: [{ name: 'x', dims: [1] }],
      outputs: [{ name: 'y', dims: [1] }],
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    });
    expect(await refusal(loadCompiled(model))).toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(/^the model is no compiled model: it is an ONNX model: load it by load of lanewise, or compile it by/),
    });
    expect(await refusal(loadCompiled(legacyTorch))).toMatchObject({ message: expect.stringMatching(/it is a PyTorch checkpoint/) });
    const compiled = await compileModel(model);
    expect(failure(() => readOnnx(compiled)).message).toMatch(/it is a model that 'lanewise compile' has compiled: load it by load/);
    // What is damaged says so, as before.
    const cut = await refusal(loadCompiled(compiled.subarray(0, -1)));
    expect(cut).toMatchObject({ code: 'TRUNCATED_FILE', message: expect.stringMatching(/it was cut off or damaged/) });
  });

  test('of tensors, too', () => {
    const page = text('<html>');
    expect(failure(() => readTensorProto(page, 'x.pb')).message).toMatch(/^x\.pb is not an ONNX tensor: it is an HTML page/);
    const model = protobuf([
      [1, 8],
      [2, 'pytorch'],
      [7, [[2, 'g']]],
      [8, [[2, 17]]],
    ]);
    expect(failure(() => readTensorProto(model, 'x.pb')).message).toMatch(/^x\.pb is not an ONNX tensor: it is an ONNX model: load it/);
  });

  test('what cannot be told is shown as it starts', () => {
    for (const file of [new Uint8Array(1000), new Uint8Array(1000).fill(0xff), bytes('\x01\x02\x03\x04'), Uint8Array.of(8)]) {
      expect(identify(file)).toBeUndefined();
      expect(failure(() => readOnnx(file, 'm')).message).toMatch(/^m is not an ONNX model: it starts with "/);
    }
  });
});

describe('in files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-identify-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a large one is looked at at its ends', async () => {
    // The names in front are torch's; the directory at the end tells that there is code.
    const archive = zip('net/data.pkl', 'net/data/0', 'net/code/__torch__.py');
    const path = join(folder, 'net.pt');
    const half = archive.indexOf(0x50, 130);
    writeFileSync(path, Buffer.concat([archive.subarray(0, half), Buffer.alloc(3_000_000), archive.subarray(half)]));
    const error = (await refusal(load(path))) as LanewiseError;
    expect(error.message).toMatch(/net\.pt is not an ONNX model: it is a TorchScript model/);
    const { code, err } = await lanewise('summary', path);
    expect([code, err]).toEqual([1, `lanewise: ${error.message} [INVALID_FILE]`]);
  });

  test('a folder', async () => {
    for (const [name, hint] of [
      ['saved_model.pb', / with a TensorFlow SavedModel: .*--saved-model/],
      ['model.onnx', /; it holds 'model\.onnx'$/],
      ['other', /it is a folder$/],
    ] as const) {
      const inner = mkdtempSync(join(folder, 'model-'));
      mkdirSync(join(inner, 'variables'));
      writeFileSync(join(inner, name), 'x');
      expect(await refusal(load(inner))).toMatchObject({ code: 'FILE_NOT_FOUND', message: expect.stringMatching(hint) });
    }
  });
});

test('2,000 damaged models are named nothing else, and say what they said', () => {
  const whole = new Uint8Array(readFileSync(new URL('../../models/cifar10-resnet20/model.onnx', import.meta.url)));
  const small = encodeModel({
    opset: 13,
    inputs: [{ name: 'x', dims: ['N', 3] }],
    outputs: [{ name: 'y' }],
    initializers: [{ name: 'w', data: [1, 2, 3] }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  });
  const next = choices(7);
  const told: string[] = [];
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const file = (i % 4 ? small : whole.subarray(0, 2000 + next(whole.length - 2000))).slice(0, i % 3 ? undefined : 1 + next(whole.length));
    // The first bytes are where files are told apart.
    for (let flips = 1 + next(4); flips > 0; flips--) {
      const at = next(i % 2 ? Math.min(24, file.length) : file.length);
      file[at] = next(3) ? (file[at] as number) ^ (1 << next(8)) : next(256);
    }
    const attempt = (read: typeof readOnnx) => {
      try {
        read(file, 'model.onnx');
        return undefined;
      } catch (error) {
        expect(error).toBeInstanceOf(LanewiseError);
        return error as LanewiseError;
      }
    };
    const [named, plain] = [attempt(readOnnx), attempt(readPlain)];
    expect(named?.code).toBe(plain?.code);
    if (plain) refused++;
    if (plain && named?.message !== plain.message) {
      expect(plain.message).toBe('model.onnx is not an ONNX model');
      told.push(named?.message.slice(plain.message.length) ?? '');
    }
  }
  expect(refused).toBeGreaterThan(1000);
  expect(told.length).toBeGreaterThan(100);
  const fitting = /^: it (starts with ".*"|is empty: .*|is an ONNX file without a graph: .*)$/;
  expect(told.filter((end) => !fitting.test(end))).toEqual([]);
});
