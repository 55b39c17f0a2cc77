import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LanewiseError, visible } from '../errors.ts';
import { readTensorProto } from '../formats/onnx/read.ts';
import { readTensor } from '../formats/onnx/tensor.ts';
import { Wire } from '../formats/onnx/wire.ts';
import { inside } from '../graph/face.ts';
import type { GraphOutput } from '../graph/graph.ts';
import { widenHalves } from '../graph/halves.ts';
import { formatDims, Tensor } from '../graph/tensor.ts';
import { createModel, type LoadOptions } from '../load.ts';
import type { Held } from '../runtime/running.ts';
import { parse, runOptions, tolerance, UsageError } from './arguments.ts';
import { readBytes, readModel } from './files.ts';
import { print } from './print.ts';

export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

export interface CaseResult {
  readonly name: string;
  /** known: the case failed and is listed as a deviation. */
  readonly status: 'passed' | 'failed' | 'known' | 'unsupported';
  readonly message?: string;
}

/** `verify DIR...`: runs ONNX backend-test cases, a case or a folder of cases each. */
export async function verify(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'verify');
  if (positionals.length === 0) throw new UsageError('verify takes one or more folders');
  const limits = { atol: tolerance('atol', values.atol), rtol: tolerance('rtol', values.rtol) };
  const known = values.known === undefined ? undefined : readKnown(values.known);

  const results: CaseResult[] = [];
  for (const folder of positionals.flatMap(findCases)) {
    const result = deviation(await verifyCase(folder, limits, runOptions(values)), known);
    results.push(result);
    if (!values.json && result.status !== 'passed') print(`${result.status} ${visible(`${result.name}: ${result.message}`)}`);
  }
  const count = (status: CaseResult['status']) => results.filter((result) => result.status === status).length;
  const [passed, failed, unsupported] = [count('passed'), count('failed'), count('unsupported')];
  if (values.json) {
    print(JSON.stringify({ passed, failed, unsupported, ...(known ? { known: count('known') } : {}), cases: results }));
    return failed > 0 ? 1 : 0;
  }
  // A list of deviations that has outdated entries is worth less.
  const mended = results.filter(({ name, status }) => status === 'passed' && known?.has(name)).map(({ name }) => name);
  if (mended.length > 0) print(`${mended.length} known pass now, take them off ${values.known}: ${mended.join(', ')}`);
  print(`${passed} passed, ${failed} failed, ${known ? `${count('known')} known, ` : ''}${unsupported} unsupported`);
  return failed > 0 ? 1 : 0;
}

/**
 * The cases that are known to deviate, by name, with the reason: a line of the file is `NAME # reason`, `# comment`, or empty.
 * @throws LanewiseError FILE_NOT_FOUND
 */
export function readKnown(path: string): ReadonlyMap<string, string> {
  const lines = new TextDecoder().decode(readBytes(path)).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, name, reason = ''] = line.match(/^\s*([^\s#]+)\s*(?:#\s*(.*?))?\s*$/) ?? [];
      if (name === undefined && !/^\s*(#.*)?$/.test(line)) throw new UsageError(`${path}: '${line.trim()}' is not NAME # reason`);
      return name === undefined ? [] : [[name, reason] as const];
    }),
  );
}

/** The result; for a known failure, with the reason from the list. */
export function deviation(result: CaseResult, known: ReadonlyMap<string, string> = new Map()): CaseResult {
  const reason = known.get(result.name);
  if (reason === undefined || result.status !== 'failed') return result;
  return { ...result, status: 'known', message: [reason, result.message].filter(Boolean).join('; ') };
}

/** The cases in a folder: the folder itself, or those in it that hold a model. */
function findCases(folder: string): string[] {
  if (existsSync(join(folder, 'model.onnx'))) return [folder];
  const cases =
    existsSync(folder) && statSync(folder).isDirectory()
      ? readdirSync(folder)
          .sort()
          .map((name) => join(folder, name))
          .filter((path) => existsSync(join(path, 'model.onnx')))
      : [];
  if (cases.length === 0) throw new LanewiseError('FILE_NOT_FOUND', `${folder} holds no model.onnx, nor do the folders in it`);
  return cases;
}

/** Runs the data sets of one case. */
export async function verifyCase(folder: string, limits: Tolerance, options: LoadOptions): Promise<CaseResult> {
  const name = basename(folder);
  try {
    const path = join(folder, 'model.onnx');
    const graph = await readModel(path);
    const model = await createModel(graph, options);
    const sets = readdirSync(folder).filter((entry) => entry.startsWith('test_data_set_'));
    if (sets.length === 0) return { name, status: 'failed', message: 'there is no test_data_set_ folder' };
    for (const set of sets.sort()) {
      const inputs = readTensors(join(folder, set), 'input', graph.inputs);
      const feeds = Object.fromEntries(graph.inputs.map((input, i) => [input.name, inputs[i]?.held as Held]));
      const outputs = await model.run<Held>(feeds);
      const expected = readTensors(join(folder, set), 'output', graph.outputs);
      graph.outputs.forEach((output, i) => {
        const problem = compareAll(outputs[output.name], expected[i], limits);
        if (problem) throw new Mismatch(`${set}, output '${output.name}': ${problem}`);
      });
    }
    model.dispose();
    return { name, status: 'passed' };
  } catch (error) {
    if (error instanceof LanewiseError && error.code === 'UNSUPPORTED') return { name, status: 'unsupported', message: error.message };
    return { name, status: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

class Mismatch extends Error {}

/** What a data set contains for an input or an output. */
interface Stored {
  readonly held: Held;
  readonly bfloat16?: boolean;
}

/** One place of bfloat16's eight bits: how far a rounding to it may be from a truncation, which ONNX leaves open. */
const BFLOAT16_RTOL = 2 ** -7;

/** `input_0.pb`, `input_1.pb`, ... in order. */
function readTensors(folder: string, kind: 'input' | 'output', declared: readonly GraphOutput[]): Stored[] {
  const tensors: Stored[] = [];
  for (let i = 0; ; i++) {
    const path = join(folder, `${kind}_${i}.pb`);
    if (!existsSync(path)) return tensors;
    const { list, type } = declared[i] ?? {};
    if (list) {
      tensors.push({ held: readList(readBytes(path), path, list) });
      continue;
    }
    const { tensor } = readTensorProto(readBytes(path), path);
    // ONNX's own cases keep bfloat16 as the bits of uint16.
    const bfloat16 = tensor.type === 'uint16' && type === 'float32';
    tensors.push(
      bfloat16
        ? { held: new Tensor('float32', widenHalves('bfloat16', tensor.data as Uint16Array), tensor.dims), bfloat16 }
        : { held: tensor },
    );
  }
}

/** SequenceProto, or OptionalProto (onnx.proto): what a sequence or an optional is. */
function readList(bytes: Uint8Array, path: string, list: 'sequence' | 'optional'): Held {
  const wire = new Wire(bytes, path, 'tensor');
  const tensors: Tensor[] = [];
  let held: Held = list === 'sequence' ? tensors : null;
  const readOne = () => {
    const { type, dims, read } = readTensor(wire, 'a tensor');
    return new Tensor(type, read() as never, dims);
  };
  const readSequence = (field: number) => field === 3 && tensors.push(readOne());
  wire.message('the value', (field) => {
    if (list === 'sequence') readSequence(field);
    else if (field === 3) held = readOne();
    else if (field === 5) {
      held = tensors;
      wire.message('the sequence', readSequence);
    }
  });
  return held;
}

function compareAll(actual: Held | undefined, { held, ...rest }: Stored = { held: null }, limits: Tolerance): string | undefined {
  if (!Array.isArray(held)) return actual === null && held === null ? undefined : compare(actual as Tensor, { held, ...rest }, limits);
  if (!Array.isArray(actual) || actual.length !== held.length) return `is no sequence of ${held.length}`;
  return held.map((tensor: Tensor, i) => compare((actual as Tensor[])[i], { held: tensor }, limits)).find((problem) => problem);
}

/** What is wrong with an output; undefined if every element is within atol + rtol * |expected|. */
function compare(output: Tensor | undefined, stored: Stored | undefined, limits: Tolerance): string | undefined {
  // float16 in the file is float32 once read.
  const actual = output && inside(output);
  const expected = stored?.held as Tensor | null | undefined;
  const { atol } = limits;
  const rtol = stored?.bfloat16 ? Math.max(limits.rtol, BFLOAT16_RTOL) : limits.rtol;
  if (!actual || !expected) return 'there is nothing to compare';
  if (actual.type !== expected.type) return `is ${actual.type}, expected ${expected.type}`;
  if (actual.dims.join() !== expected.dims.join()) return `has shape ${formatDims(actual.dims)}, expected ${formatDims(expected.dims)}`;
  let worst = { over: 0, index: -1 };
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [Number(actual.data[i]), Number(expected.data[i])];
    if (Object.is(a, e) || a === e) continue;
    const over = Math.abs(a - e) - (atol + rtol * Math.abs(e));
    // NaN compares false, so it counts as wrong.
    if (!(over <= 0) && !(over <= worst.over)) worst = { over, index: i };
  }
  if (worst.index < 0) return undefined;
  const [a, e] = [actual.data[worst.index], expected.data[worst.index]];
  return `element ${worst.index} is ${a}, expected ${e} (atol ${atol}, rtol ${rtol})`;
}
