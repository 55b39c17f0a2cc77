// What stands in docs/differences.md, measured: every row's cases (tests/differences) in Lanewise, onnxruntime-node and onnxruntime-web, from the
// same bytes; then TensorFlow.js and, where a python3 with torch is found, PyTorch, which read no ONNX: their calls are written out beside this file.
//
//   npm run build
//   node bench/peers/differences.mjs [--only TEXT] [--python python3]
//
// TEXT is part of the titles that are wanted. Each runtime runs on one thread.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { importSources } from '../sources.mjs';
import { ensurePeers, machine } from './setup.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, python: { type: 'string', default: 'python3' } } });
ensurePeers();
const { rows, PICTURES, bytesOf, feedsOf } = await importSources('differences', "export * from './tests/differences/index.ts';");
const { load } = await import('../../dist/index.js');
const { decodePicture } = await import('../../dist/vision-node.js');
const { default: node } = await import('onnxruntime-node');
const web = await import('onnxruntime-web');
web.env.wasm.numThreads = 1;
web.env.logLevel = 'error';

const number = (x) => (Object.is(x, -0) ? '-0' : String(x));
const list = (data) => `${Array.from(data.slice(0, 12), number).join(' ')}${data.length > 12 ? ' ...' : ''}`;
const show = ({ type, dims, data }) => `${type}[${dims}] ${list(data)}`;
/** An error's text for people: on one line, without paths. */
const because = (error) =>
  `refused: ${String(error?.message ?? error)
    .replace(/\S*\/onnxruntime\/\S+|\s+/g, ' ')
    .slice(0, 220)}`;

async function lanewise(bytes, feeds, options) {
  const model = await load(bytes, options);
  const outputs = await model.run(feeds);
  model.dispose();
  return outputs;
}

const onnxruntime = (ort, options) => async (bytes, feeds) => {
  const session = await ort.InferenceSession.create(bytes, options);
  const given = Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]));
  const outputs = await session.run(given);
  const copies = Object.entries(outputs).map(([name, { type, data, dims }]) => [name, { type, data: data.slice(), dims }]);
  await session.release();
  return Object.fromEntries(copies);
};

/** Small pictures of the kinds that decoders take differently. */
async function writePictures(folder) {
  const raw = (data, width, channels) => sharp(data, { raw: { width, height: 1, channels } });
  const colours = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0);
  const files = {
    'grey16.png': raw(Uint16Array.of(0, 255, 256, 0x7f80, 65535), 5, 1)
      .toColourspace('grey16')
      .png(),
    'rgb16.png': raw(Uint16Array.of(0, 255, 256, 0x7f80, 65535, 0x1234), 2, 3)
      .toColourspace('rgb16')
      .png(),
    'rgba.png': raw(Uint8Array.of(200, 100, 50, 0, 200, 100, 50, 128), 2, 4).png(),
    'cmyk.tiff': raw(colours, 5, 3).toColourspace('cmyk').tiff({ compression: 'none' }),
    'cmyk.jpg': sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } })
      .toColourspace('cmyk')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
  };
  for (const [name, image] of Object.entries(files)) {
    const bytes = await image.toBuffer();
    writeFileSync(join(folder, name), bytes);
    console.log(`\n${name}\n  Lanewise          ${list((await decodePicture(new Uint8Array(bytes), name)).data)}`);
    console.log(`  sharp, raw        ${list(await sharp(bytes).raw().toBuffer())}`);
  }
}

const runtimes = {
  Lanewise: lanewise,
  'onnxruntime-node': onnxruntime(node, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 }),
  'onnxruntime-web': onnxruntime(web, { executionProviders: ['wasm'], logSeverityLevel: 4 }),
};

const { versions, cpu, node: nodeVersion } = machine();
console.log(`${JSON.stringify(versions)}, sharp ${sharp.versions.sharp}, Node ${nodeVersion}, ${cpu}`);
for (const { title, cases } of rows.filter(({ title }) => title.includes(values.only))) {
  console.log(`\n## ${title}`);
  for (const wanted of cases) {
    console.log(`\n${wanted.name}: ${wanted.op} of ${wanted.inputs.map((x) => (x ? show(x) : '-')).join('; ')}`);
    for (const [name, run] of Object.entries(runtimes)) {
      const answer = await Promise.resolve()
        .then(() => run(bytesOf(wanted), feedsOf(wanted), wanted.options))
        .then((outputs) => Object.values(outputs).map(show).join('; '), because);
      console.log(`  ${name.padEnd(17)} ${answer}`);
    }
  }
}
const folder = mkdtempSync(join(tmpdir(), 'lanewise-differences-'));
try {
  if (PICTURES.includes(values.only)) {
    console.log(`\n## ${PICTURES}`);
    await writePictures(folder);
  }
  for (const [command, file] of [
    [process.execPath, 'differences-tfjs.mjs'],
    [values.python, 'differences.py'],
  ]) {
    const script = fileURLToPath(new URL(file, import.meta.url));
    const { status, error } = spawnSync(command, [script, values.only, folder], { stdio: 'inherit' });
    if (status !== 0) console.log(`${file}: ${error?.message ?? `ended with ${status}`}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
