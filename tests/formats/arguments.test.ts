// Readers without bytes, writers without a graph or tensors: what callers without types may hand over.

import {
  readCheckpoint,
  readNpy,
  readOnnx,
  readSafetensors,
  readTensorProto,
  writeOnnx,
  writeSafetensors,
} from '../../src/formats/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';

const junk = [null, 0, 7, Number.NaN, 'model.onnx', [], {}, 3n, () => {}, new Array(3)];
const graph = graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });

test.each<[string, (bytes: Uint8Array) => unknown]>([
  ['readOnnx', (bytes) => readOnnx(bytes, 'a file')],
  ['readTensorProto', (bytes) => readTensorProto(bytes, 'a file')],
  ['readSafetensors', (bytes) => readSafetensors(bytes, 'a file')],
  ['readCheckpoint', (bytes) => readCheckpoint(bytes, 'a file')],
  ['readNpy', (bytes) => readNpy(bytes, 'a file')],
])('%s asks for bytes', (_, read) => {
  for (const value of [...junk, undefined, new ArrayBuffer(8), new DataView(new ArrayBuffer(8))] as never[]) {
    expect(failure(() => read(value))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^a file is read from a Uint8Array, got \S/),
    });
  }
  // Node's files are Buffers.
  expect(failure(() => read(Buffer.from('no such file'))).code).toBe('INVALID_FILE');
});

test('the writers ask for graphs, tensors and options', () => {
  const { constants: _, ...partial } = graph;
  for (const value of [...junk, undefined, partial] as Graph[]) {
    expect(failure(() => writeOnnx(value))).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/takes a graph/) });
    expect(failure(() => writeSafetensors(value as never)).code).toBe('INVALID_INPUT');
  }
  for (const options of junk.filter((value) => typeof value !== 'object' || value === null) as never[]) {
    expect(failure(() => writeOnnx(graph, options))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^the options of write\w+ are an object/),
    });
    expect(failure(() => writeSafetensors(new Map(), options))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^the options of write\w+ are an object/),
    });
  }
  for (const producer of [null, 'me', { name: 3 }, { name: 'me', version: 1 }] as never[]) {
    expect(failure(() => writeOnnx(graph, { producer }))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/the producer/),
    });
  }
  for (const metadata of [{}, 'me', [['a', 'b']]] as never[]) {
    expect(failure(() => writeSafetensors(new Map(), { metadata }))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/are Maps by name/),
    });
  }
});
