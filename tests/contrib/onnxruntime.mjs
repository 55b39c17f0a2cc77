// Holds what tests/contrib/cases.ts expects of the operators of com.microsoft against onnxruntime-node, where bench/peers or --package FOLDER has it.
// With version 1.30.0 all agree to 1e-5 of the largest element.
//
//   node tests/contrib/onnxruntime.mjs [--package FOLDER]

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { package: { type: 'string', default: join(root, 'bench/peers') } } });
let ort;
try {
  ort = createRequire(join(resolve(values.package), 'none.js'))('onnxruntime-node');
} catch {
  console.log(`skipped: ${values.package} holds no onnxruntime-node`);
  process.exit();
}
const contents = "export * from './tests/contrib/cases.ts'; export { encodeModel } from './tests/formats/onnx-writer.ts';";
const { outputFiles } = await build({
  stdin: { contents, resolveDir: root },
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
});
const { contribCases, encodeModel, feedsOf, modelOf } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

let failed = 0;
for (const spec of contribCases) {
  let problem = '';
  try {
    const session = await ort.InferenceSession.create(encodeModel(modelOf(spec)), { logSeverityLevel: 4 });
    const feeds = Object.entries(feedsOf(spec)).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]);
    const outputs = await session.run(Object.fromEntries(feeds));
    for (const [i, expected] of spec.expected.entries()) {
      if (!expected) continue;
      const { dims, data } = outputs[`y${i}`];
      const size = Math.max(...expected.data.map(Math.abs));
      const off = Math.max(...expected.data.map((value, j) => Math.abs(value - Number(data[j]))));
      if (dims.join() !== expected.dims.join()) problem = `output ${i} is [${dims}], expected [${expected.dims}]`;
      else if (!(off <= 1e-5 * size)) problem = `output ${i} is off by ${off} of ${size}`;
    }
  } catch (error) {
    problem = error.message;
  }
  if (problem) console.log(`${spec.name}: ${problem}`);
  if (problem) failed++;
}
console.log(`${contribCases.length - failed} agree, ${failed} do not`);
process.exitCode = failed ? 1 : 0;
