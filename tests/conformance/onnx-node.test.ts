import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../../src/cli/files.ts';
import { type CaseResult, deviation, readKnown, verifyCase } from '../../src/cli/verify.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import { skip } from '../skip.ts';

const operators = addOperators();

/** ONNX's own backend tests, as Debian's libonnx-testdata installs them. */
const data = process.env.ONNX_TESTDATA ?? '/usr/share/libonnx-testdata/data';

/** Cases of operators that run which ask for what Lanewise does not have; the reason stands in the error. */
const unsupported: readonly (readonly [RegExp, RegExp])[] = [
  [/3d/i, /3 spatial dimensions/],
  [/training_mode/, /3 outputs/],
  [/training_dropout/, /training_mode/],
  [/maxpool_with_argmax/, /indices/],
  [/STRING/, /element type string/],
  [/identity_(opt|sequence)/, /is not a tensor/],
];

/** Whether every operator of the case is one that runs. */
function isClaimed(folder: string): boolean {
  try {
    return readModel(join(folder, 'model.onnx')).nodes.every(({ op, domain }) => domain === '' && operators.has(op));
  } catch {
    return false; // Strings, sequences: the reader says so.
  }
}

/** Cases that contradict PyTorch and onnxruntime, with the reason. */
const known = readKnown('tests/conformance/onnx-known.txt');

const least: Readonly<Record<string, number>> = { node: 641, 'pytorch-converted': 69, 'pytorch-operator': 35 };

describe.each(Object.keys(least))('%s', (suite) => {
  const folder = join(data, suite);
  if (!existsSync(folder)) {
    skip('ONNX backend tests', `${folder} is not there (Debian: libonnx-testdata; or set ONNX_TESTDATA)`);
    return;
  }
  const results: CaseResult[] = [];

  test.each(readdirSync(folder).sort())('%s', async (name) => {
    const path = join(folder, name);
    const result = deviation(await verifyCase(path, { atol: 1e-4, rtol: 1e-3 }, {}), known);
    results.push(result);
    const reason = unsupported.find(([pattern, text]) => pattern.test(name) && text.test(result.message ?? ''));
    if (reason || !isClaimed(path)) expect(result).toMatchObject({ status: expect.stringMatching(/^(passed|unsupported)$/) });
    else if (known.has(name)) expect(result).toMatchObject({ status: 'known' });
    else expect(result).toEqual({ name, status: 'passed' });
  });

  test('as many pass as ever', () => {
    expect(results.filter(({ status }) => status === 'passed').length).toBeGreaterThanOrEqual(least[suite] ?? 0);
  });
});
