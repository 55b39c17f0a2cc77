// Builds the Wasm binaries into build/, plain and as JavaScript modules: node scripts/binaries.mjs [NAME...], all of them by default.
// Several are shared out among processes, one per core, because the compiler uses one alone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { main as compile } from 'assemblyscript/asc';
import { shrinkBinary } from './wasm.mjs';
import { writeText } from './writeText.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
mkdirSync('build', { recursive: true });

/** Encodes for decodeBinary of src/binary.ts. */
const encodeBinary = (bytes) =>
  Array.from(bytes, (byte) => {
    const value = (((byte & 0xd8) === 0x48 ? byte ^ 0x20 : byte) + 5) & 255;
    const code = 35 + (value % 88);
    return ['', '}', '~'][Math.floor(value / 88)] + String.fromCharCode(code === 92 ? 123 : code);
  }).join('');

const variants = ['strict', 'relaxed', 'strict-threads', 'relaxed-threads'];
const binaries = {
  // Of the core alone, and with the pack *more*.
  ...Object.fromEntries(variants.map((name) => [name, 'assembly/index.ts'])),
  ...Object.fromEntries(variants.map((name) => [`${name}-more`, 'assembly/more.ts'])),
  // With the kernels that learn, which give the same bits everywhere; and with all there are.
  ...Object.fromEntries(['strict', 'strict-threads'].map((name) => [`${name}-training`, 'assembly/training.ts'])),
  ...Object.fromEntries(['strict', 'strict-threads'].map((name) => [`${name}-training-more`, 'assembly/training-more.ts'])),
  // With the kernels of int8, by relaxed dots of integers or without: both give the same bits.
  ...Object.fromEntries(['strict', 'dots', 'strict-threads', 'dots-threads'].map((name) => [`${name}-quantized`, 'assembly/quantized.ts'])),
  vision: 'assembly/vision/index.ts',
  // What `bench` measures the machine with; only the command line holds them.
  'limit-strict': 'assembly/bench/multiply_add.ts',
  'limit-relaxed': 'assembly/bench/multiply_add.ts',
};
/** The first argument of the processes that share the work. */
const SHARE = '--share';
/** Each takes 300 MB. */
const MOST_PROCESSES = 4;

async function build(variant) {
  const entry = binaries[variant];
  const training = Number(entry.startsWith('assembly/training'));
  const quantized = Number(entry === 'assembly/quantized.ts');
  const more = Number(entry.endsWith('more.ts') || quantized);
  const options = [
    '--target',
    variant.replace(/(-training|-quantized)?(-more)?$/, ''),
    '--outFile',
    `build/${variant}.wasm`,
    '--use',
    `PACK_MORE=${more}`,
    '--use',
    `PACK_TRAINING=${training}`,
    '--use',
    `PACK_QUANTIZED=${quantized}`,
    '--use',
    `PACK_DOTS=${Number(variant.startsWith('dots'))}`,
    '--use',
    `RELAXED=${Number(variant.startsWith('relaxed') || variant === 'limit-relaxed')}`,
  ];
  const { error, stderr } = await compile([entry, '--config', 'asconfig.json', ...options]);
  process.stderr.write(stderr.toString());
  if (error) throw new Error(`the binary ${variant} does not compile: ${error.message}`);
  const { shrunk: wasm, whole } = shrinkBinary(readFileSync(`build/${variant}.wasm`), variant);
  writeFileSync(`build/${variant}.wasm`, wasm);
  if (/^(strict|relaxed)-more$/.test(variant)) writeFileSync(`build/kernels-${variant.replace('-more', '')}.wasm`, whole);
  writeText(variant, encodeBinary(wasm), 'The binary: see src/binary.ts.');
}

/** Has a process build some of them, which prints its own errors. */
async function buildApart(names) {
  const child = spawn(process.execPath, ['scripts/binaries.mjs', SHARE, ...names], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`not built: ${names.join(', ')}`);
}

const given = process.argv.slice(2);
const asked = given.filter((name) => name !== SHARE);
const unknown = asked.filter((name) => !Object.hasOwn(binaries, name));
if (unknown.length > 0) throw new Error(`there is no binary ${unknown.join(', ')}; there are ${Object.keys(binaries).join(', ')}`);
const names = Object.keys(binaries).filter((name) => asked.length === 0 || asked.includes(name));
const processes = given[0] === SHARE ? 1 : Math.min(availableParallelism(), MOST_PROCESSES, names.length);
if (processes === 1) for (const name of names) await build(name);
// In turns, because neighbours in the list take about the same time.
else await Promise.all(Array.from({ length: processes }, (_, i) => buildApart(names.filter((_, at) => at % processes === i))));
