import { readFileSync } from 'node:fs';
import { PbfWriter } from 'pbf';
import { LanewiseError } from '../../src/errors.ts';
import { readOnnx, readTensorProto } from '../../src/formats/index.ts';
import type { Constant, Graph } from '../../src/graph/graph.ts';
import { withoutStacks } from '../failure.ts';
import { choices } from '../numbers.ts';
import { encodeModel, encodeTensor } from './onnx-writer.ts';

withoutStacks();

const model = new Uint8Array(readFileSync(new URL('../../models/cifar10-resnet20/model.onnx', import.meta.url)));

/** Reads the whole graph, its constants too: a graph, or the LanewiseError; anything else fails the test, and so does a second's delay. */
function attempt(bytes: Uint8Array): Graph | LanewiseError {
  const start = performance.now();
  try {
    const graph = readOnnx(bytes, 'model.onnx');
    const constants: Constant[] = [...graph.constants.values()];
    for (const { attributes } of graph.nodes) {
      for (const value of attributes.values()) if (typeof value === 'object' && 'read' in value) constants.push(value);
    }
    for (const constant of constants) {
      const count = constant.dims.reduce((product, dim) => product * dim, 1);
      if (constant.read().length !== count) throw new Error(`${constant.name} has the wrong length`);
    }
    return graph;
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    return error;
  } finally {
    if (performance.now() - start > 1000) expect('reading took more than a second').toBe('');
  }
}

const codeOf = (result: Graph | LanewiseError) => (result instanceof LanewiseError ? result.code : 'a graph');
const tally = (codes: string[]) =>
  codes.reduce<Record<string, number>>((counts, code) => Object.assign(counts, { [code]: (counts[code] ?? 0) + 1 }), {});

describe('bytes that are not ONNX', () => {
  test.each<[string, Uint8Array]>([
    ['an empty file', new Uint8Array(0)],
    ['a web page', Buffer.from('<!DOCTYPE html><html><body>Not found</body></html>')],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1096425\n')],
    ['JSON', Buffer.from('{"error":"not found"}')],
    ['text', Buffer.from('rrrr this is just a line of text and no model at all'.repeat(9))],
    ['zeros', new Uint8Array(1000)],
    ['ones', new Uint8Array(1000).fill(0xff)],
    ['a PNG', readFileSync(new URL('../../models/cat.png', import.meta.url))],
    ['safetensors', readFileSync(new URL('../../models/cifar10-resnet20.safetensors', import.meta.url))],
    ['a TensorProto', encodeTensor({ name: 't', dims: [2], data: [1, 2] })],
    ['a model without a graph', Uint8Array.of(8, 8)],
  ])('%s', (_, bytes) => {
    const error = attempt(bytes) as LanewiseError;
    expect(error.message).toMatch(/^model\.onnx is not an ONNX model: it (is|starts with) /);
    expect(error.code).toBe('INVALID_FILE');
  });

  test('show how they start', () => {
    expect((attempt(Buffer.from('RKNN\x01')) as LanewiseError).message).toBe(
      'model.onnx is not an ONNX model: it starts with "RKNN\\u0001"',
    );
  });

  test('2,000 random files', () => {
    const next = choices(1);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: next(300) }, () => next(256));
      // A quarter starts like a model: a version, then a graph of any length.
      if (i % 4 === 0) bytes.set([8, 8, 0x3a, next(256)].slice(0, bytes.length));
      expect(codeOf(attempt(bytes))).toMatch(/^(INVALID_FILE|TRUNCATED_FILE|INVALID_MODEL|UNSUPPORTED)$/);
      try {
        readTensorProto(bytes, 't.pb');
      } catch (error) {
        expect(error).toBeInstanceOf(LanewiseError);
      }
    }
  });
});

describe('files that end early', () => {
  // Most of it is weights, inside which all cuts are alike; the small model below is cut at every byte.
  test('the default model cut at every 397th byte', () => {
    const wrong: string[] = [];
    for (let end = 397; end < model.length; end += 397) {
      const { code, message } = attempt(model.subarray(0, end)) as LanewiseError;
      const sentence =
        /^model\.onnx ends at byte (\d+) inside (the|node|an attribute of node|initializer) .*: it was cut off or damaged$/.exec(message);
      if (code !== 'TRUNCATED_FILE' || sentence?.[1] !== String(end)) wrong.push(`${end}: ${code} ${message}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  test('name the part that is cut', () => {
    const at = Buffer.from(model).lastIndexOf('onnx::Conv_203');
    const message = (end: number) => (attempt(model.subarray(0, end)) as LanewiseError).message;
    expect(message(at + 100)).toContain("inside the initializer 'onnx::Conv_203'");
    const pads = Buffer.from(model).indexOf('pads');
    expect(message(pads + 6)).toMatch(/inside the attribute 'pads' of node /);
  });

  test('a small model cut at every byte', () => {
    const bytes = encodeModel({
      inputs: [{ name: 'x', dims: ['N', 3] }],
      outputs: [{ name: 'y' }],
      initializers: [
        { name: 'w', data: [1, 2], as: 'typed', type: 'int64' },
        { name: 'v', data: [1, 2], as: 'unpacked' },
      ],
      nodes: [
        { op: 'Sum', inputs: ['x', 'w', 'v'], outputs: ['y'], attributes: { a: { tensor: { data: [1] } }, b: [1, 2], c: { floats: [1] } } },
      ],
    });
    const codes = tally(Array.from(bytes, (_, end) => codeOf(attempt(bytes.subarray(0, end)))));
    // Before the graph it cannot be told to be ONNX; between the graph and the opset it is whole, but breaks the rules.
    expect(codes).toEqual({ INVALID_FILE: 5, TRUNCATED_FILE: bytes.length - 6, INVALID_MODEL: 1 });
  });

  test('a test tensor cut at every byte', () => {
    const bytes = encodeTensor({ name: 'x', data: [1, 2, 3] });
    for (let end = 0; end < bytes.length; end++) expect(() => readTensorProto(bytes.subarray(0, end), 'x.pb')).toThrow(LanewiseError);
    expect(() => readTensorProto(bytes.subarray(0, -1), 'x.pb')).toThrow(
      "x.pb ends at byte 20 inside the tensor 'x': it was cut off or damaged",
    );
  });
});

describe('files with changed bits', () => {
  test('2,000 flips in the default model, half of them outside the weights', () => {
    const weights: [start: number, end: number][] = [];
    for (const constant of readOnnx(model, 'model.onnx').constants.values()) {
      const data = constant.read();
      const start = Buffer.from(model.buffer).indexOf(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      expect(start).toBeGreaterThan(0);
      weights.push([start, start + data.byteLength]);
    }
    weights.sort((a, b) => a[0] - b[0]);
    const structure: number[] = [];
    let at = 0;
    for (const [start, end] of [...weights, [model.length, model.length] as const]) {
      while (at < start) structure.push(at++);
      at = end;
    }
    expect(structure.length).toBeGreaterThan(5000);
    expect(structure.length).toBeLessThan(20_000);
    const bytes = model.slice();
    const next = choices(2);
    const codes: string[] = [];
    for (let i = 0; i < 2000; i++) {
      const place = i % 2 ? next(bytes.length) : (structure[next(structure.length)] as number);
      const before = bytes[place] as number;
      bytes[place] = before ^ (1 << next(8));
      codes.push(codeOf(attempt(bytes)));
      bytes[place] = before;
    }
    const counts = tally(codes);
    expect(Object.keys(counts).sort()).toEqual(['INVALID_FILE', 'INVALID_MODEL', 'TRUNCATED_FILE', 'a graph']);
    expect(counts['a graph']).toBeGreaterThan(1000);
    expect(counts.INVALID_MODEL).toBeGreaterThan(100);
  }, 120_000);

  test('every bit of a small model', () => {
    const bytes = encodeModel({
      inputs: [{ name: 'x', dims: ['N', 3] }],
      outputs: [{ name: 'y' }],
      initializers: [
        { name: 'w', data: [300, -1], as: 'typed', type: 'int64' },
        { name: 'v', data: [1, 2], as: 'unpacked' },
        { name: 'h', data: [1, 2], type: 'float16' },
      ],
      nodes: [
        {
          op: 'Sum',
          inputs: ['x', 'w', 'v'],
          outputs: ['y'],
          attributes: { a: { tensor: { data: [1] } }, b: [1, -2], c: { floats: [1] } },
        },
      ],
    });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const place = bit >> 3;
      const before = bytes[place] as number;
      bytes[place] = before ^ (1 << (bit & 7));
      attempt(bytes);
      bytes[place] = before;
    }
  });
});

describe('hostile numbers', () => {
  /** A model whose graph has these bytes. */
  const withGraph = (...graph: number[]) => {
    const pbf = new PbfWriter();
    pbf.writeVarintField(1, 8);
    pbf.writeBytesField(7, Uint8Array.from(graph));
    pbf.writeMessage(8, () => pbf.writeVarintField(2, 13), null);
    return pbf.finish().slice();
  };
  const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

  test.each<[string, number[], string]>([
    ['a length of 2^64 - 1', [0x0a, ...huge, 0x01], 'TRUNCATED_FILE'],
    ['a length of 2^63', [0x0a, ...huge.map(() => 0x80), 0x01], 'TRUNCATED_FILE'],
    ['a length of 11 bytes', [0x0a, ...huge, 0xff, 0x01], 'INVALID_FILE'],
    ['a length past the graph, within the file', [0x0a, 5, 0x0a], 'TRUNCATED_FILE'],
    ['field 0', [0x00, 0x00], 'INVALID_FILE'],
    ['a group', [0x0b, 0x0c], 'a graph'],
    ['wire type 7', [0x0f, 0x00], 'INVALID_FILE'],
    ['a node as a number', [0x08, 0x05], 'INVALID_FILE'],
    ['a name as a float', [0x15, 0, 0, 0, 0], 'INVALID_FILE'],
    ['a packed float of 3 bytes', [0x2a, 5, 0x22, 3, 0, 0, 0], 'INVALID_FILE'],
    ['packed numbers without a last byte', [0x2a, 4, 0x3a, 2, 0x80, 0x80], 'TRUNCATED_FILE'],
    ['a packed number of 11 bytes', [0x2a, 13, 0x3a, 11, ...huge, 0xff, 0x01], 'INVALID_FILE'],
    ['an unknown field that runs out', [0x2a, 2, 0x7d, 0], 'TRUNCATED_FILE'],
  ])('%s', (_, graph, code) => {
    expect(codeOf(attempt(withGraph(...graph)))).toBe(code);
  });

  test('a length past its message names the place', () => {
    const error = attempt(withGraph(0x0a, 5, 0x0a)) as LanewiseError;
    expect(error.message).toBe('model.onnx has a value near byte 6 that runs past the end of the graph: it was cut off or damaged');
  });

  test('unknown fields are skipped', () => {
    const unknown = [0xa0, 0x06, 1, 0xa1, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0xa2, 0x06, 1, 9, 0xa5, 0x06, 0, 0, 0, 0];
    expect(codeOf(attempt(withGraph(...unknown)))).toBe('a graph');
  });

  test('strings that are not UTF-8 have replacement characters', () => {
    expect((attempt(withGraph(0x12, 3, 0x61, 0xff, 0x62)) as Graph).name).toBe('a\ufffdb');
  });
});
