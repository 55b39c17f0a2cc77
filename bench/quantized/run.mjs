// Quantised convolutions beside the float32 ones of the same shape, in one process, by turns: node bench/quantized/run.mjs [--only NAME] [--json]
// [--strict]. --only takes layers whose name holds NAME; --strict leaves relaxed dots out where the engine has them; --json prints the rows.

import { parseArgs } from 'node:util';
import { importSources } from '../sources.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' }, strict: { type: 'boolean' } } });

const { layers, measure, binaryOf } = await importSources('quantized', "export * from './bench/quantized/layers.ts';");
const chosen = layers.filter(({ name }) => name.includes(values.only ?? ''));
if (chosen.length === 0) {
  console.error(`no layer holds '${values.only}'; there are:\n  ${layers.map(({ name }) => name).join('\n  ')}`);
  process.exit(1);
}
const rows = await measure(chosen, values.strict ?? false);
if (values.json) {
  console.log(JSON.stringify(rows));
} else {
  for (const { name, ms, rate, floatRate, ratio } of rows) {
    const numbers = `${ms.toFixed(3).padStart(8)} ms ${rate.toFixed(1).padStart(6)} GOP/s, float32 ${floatRate.toFixed(1).padStart(5)} GFLOP/s, × ${ratio.toFixed(2)}`;
    console.log(`${name.padEnd(44)} ${numbers}`);
  }
  for (const network of new Set(rows.map(({ network }) => network))) {
    const own = rows.filter((row) => row.network === network);
    const sum = (key) => own.reduce((all, row) => all + row[key] * row.count, 0);
    console.log(
      `${network}: ${sum('ms').toFixed(1)} ms, float32 ${sum('floatMs').toFixed(1)} ms, × ${(sum('floatMs') / sum('ms')).toFixed(2)}`,
    );
  }
}
console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}, ${binaryOf(values.strict ?? false)}`);
