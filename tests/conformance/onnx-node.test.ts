import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifyCase } from '../../src/cli/verify.ts';
import { skip } from '../skip.ts';

/** ONNX's own backend tests, as Debian's libonnx-testdata installs them. */
const data = process.env.ONNX_TESTDATA ?? '/usr/share/libonnx-testdata/data';
const families =
  /^test_(conv|basic_conv|maxpool_2d|averagepool_2d|global.*pool|batchnorm_.*example|batchnorm_epsilon|relu|softmax_|gemm_|add|flatten|reshape)/;

/** Cases of these families that need what Lanewise does not have: the reason stands in the error, and in this list. */
const unsupported: readonly (readonly [RegExp, RegExp])[] = [
  [/_uint8$/, /is uint8/],
  [/convinteger/, /ConvInteger/],
  [/training_mode/, /3 outputs|training_mode/],
  [/convtranspose/, /ConvTranspose/],
  [/softmax_.*_expanded/, /ReduceMax.*Exp.*ReduceSum/],
];

const folder = join(data, 'node');
const cases = existsSync(folder) ? readdirSync(folder).filter((name) => families.test(name)) : [];

if (cases.length === 0) {
  skip('ONNX backend tests', `${folder} is not there (Debian: libonnx-testdata; or set ONNX_TESTDATA)`);
} else {
  test('the families are there', () => {
    expect(cases.length).toBeGreaterThan(90);
  });

  test.each(cases)('%s', async (name) => {
    const result = await verifyCase(join(folder, name), { atol: 1e-4, rtol: 1e-3 }, {});
    const expected = unsupported.find(([pattern]) => pattern.test(name));
    if (expected) expect(result).toEqual({ name, status: 'unsupported', message: expect.stringMatching(expected[1]) });
    else expect(result).toEqual({ name, status: 'passed' });
  });
}
