// PyTorch as a reference: one process computes all cases of a test file (torch.py).

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { array, type NdArray } from '../reference/index.ts';
import { lacking } from '../skip.ts';

export interface TorchCase {
  /** The test's name. */
  readonly name: string;
  /**
   * Python, of the inputs `x[0]`, `x[1]`, ..., `torch` and `F` (torch.nn.functional): statements, and in the last line an
   * expression, a tensor or a tuple of tensors.
   */
  readonly code: string;
  readonly inputs: readonly NdArray[];
  /** Indices of inputs without gradients. */
  readonly constants?: readonly number[];
  /** Indices of inputs that are int64. */
  readonly integers?: readonly number[];
  /** The gradients of the outputs, the first ones. Default: ones, for all. */
  readonly seeds?: readonly NdArray[];
  /** What PyTorch computes in. Default 'float64'. */
  readonly type?: 'float32' | 'float64';
}

export interface TorchResult {
  readonly outputs: readonly NdArray[];
  /** By input; undefined for constants and for inputs on which no output depends. */
  readonly gradients: readonly (NdArray | undefined)[];
}

export const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
export const present = spawnSync(python, ['-c', 'import torch, numpy']).status === 0;

interface Encoded {
  readonly dims: number[];
  /** Float64, little-endian, in base64: JSON has no NaN. */
  readonly data: string;
}

const encode = ({ dims, data }: NdArray): Encoded => ({
  dims,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
});

const decode = ({ dims, data }: Encoded): NdArray => array(dims, new Float64Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer));

/** What PyTorch makes of cases. @throws Error what Python says */
export function runTorch(cases: readonly TorchCase[]): TorchResult[] {
  const given = cases.map(({ code, inputs, constants = [], integers = [], seeds = [], type = 'float64' }) => ({
    code,
    inputs: inputs.map(encode),
    constants,
    integers,
    seeds: seeds.map(encode),
    type,
  }));
  // As a command, because a script's folder comes before torch's.
  const script = readFileSync(new URL('torch.py', import.meta.url), 'utf8');
  const { status, stdout, stderr } = spawnSync(python, ['-c', script], {
    input: JSON.stringify(given),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(stderr || `${python} ended with ${status}`);
  const made = JSON.parse(stdout) as { outputs: Encoded[]; gradients: (Encoded | null)[] }[];
  return made.map(({ outputs, gradients }) => ({
    outputs: outputs.map(decode),
    gradients: gradients.map((gradient) => (gradient ? decode(gradient) : undefined)),
  }));
}

/**
 * A test for each case that compares with PyTorch; where torch is missing, one that is skipped.
 * @param check gets the case and what PyTorch made of it
 */
export function torchTests<C extends TorchCase>(title: string, cases: readonly C[], check: (given: C, made: TorchResult) => void): void {
  if (!present) {
    lacking(title, `${python} has no torch (Debian: python3-torch; or set TORCH_PYTHON)`);
    return;
  }
  describe(title, () => {
    let results: TorchResult[];
    beforeAll(() => {
      results = runTorch(cases);
    }, 180_000);
    test.each(cases.map((given, i) => [given.name, given, i] as const))('%s', (_, given, i) => check(given, results[i] as TorchResult));
  });
}
