// What tools say of the packed package, and what a bundler takes of it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** publint and attw, which end with an exit code of their own. */
const linter = (name, path, ...args) => ({
  name,
  run: async ({ script, exec, tarball }) => {
    await exec(process.execPath, [script(path, name), ...args.map((arg) => (arg === 'TARBALL' ? tarball : arg))]);
    return { note: 'finds nothing' };
  },
});

/** A TypeScript user's check of everything that is exported, the declarations included. */
async function checkTypes({ project, script, exec }) {
  const { exports } = JSON.parse(readFileSync(join(project, 'node_modules/lanewise/package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((path) => exports[path].types);
  const lines = entries.map((path, i) => `import * as entry${i} from 'lanewise${path.slice(1)}';\nvoid entry${i};\n`);
  lines.push(
    "import { load, Tensor } from 'lanewise';\n",
    "export const logits: Promise<Tensor | undefined> = load('m.onnx').then((model) => model.run({ x: new Tensor('float32', [1]) })).then((out) => out.y);\n",
  );
  writeFileSync(join(project, 'types.ts'), lines.join(''));
  const compilerOptions = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022', 'dom'], module: 'nodenext', types: [] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  await exec(process.execPath, [script('typescript', 'tsc')], { cwd: project });
  return { note: `${entries.length} entries` };
}

/** Most bytes, gzipped, that an import may bring into a bundle that asks for no more. */
const imports = [
  ["import { Tensor } from 'lanewise'; console.log(Tensor);", 2500],
  ["import { LanewiseError } from 'lanewise'; console.log(LanewiseError);", 900],
  ["import 'lanewise'; import 'lanewise/layers'; import 'lanewise/zoo'; import 'lanewise/vision'; import 'lanewise/onnx';", 100],
  ["import { topK } from 'lanewise/vision'; console.log(topK);", 1700],
];

async function shakeTree({ project }) {
  const sizes = [];
  for (const [contents, limit] of imports) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: project },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      logLevel: 'error',
    });
    const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
    if (bytes > limit) throw new Error(`${contents} brings ${bytes} bytes (gzipped) into a bundle, more than ${limit}`);
    sizes.push(bytes);
  }
  return { note: `Tensor alone: ${sizes[0]} bytes, gzipped; nothing: ${sizes[2]}` };
}

/** What is bundled brings its licence along, in every file that an entry may load. */
function checkNotices({ project, repository }) {
  const dist = join(project, 'node_modules/lanewise/dist');
  // Minifiers indent comments as they like.
  const words = (path) => readFileSync(path, 'utf8').trim().replace(/\s+/g, ' ');
  const licence = words(join(repository, 'node_modules/pbf/LICENSE'));
  const holding = readdirSync(dist).filter((name) => name.endsWith('.js') && words(join(dist, name)).includes(licence));
  if (holding.length < 2)
    throw new Error(`pbf's licence is in ${holding.join(', ') || 'no file'}, expected in the command line and in a chunk`);
  return { note: `pbf: ${holding.join(', ')}` };
}

export const platforms = [
  linter('publint', 'publint', 'run', 'TARBALL', '--strict'),
  linter('attw', '@arethetypeswrong/cli', 'TARBALL', '--profile', 'esm-only'),
  { name: 'types', run: checkTypes },
  { name: 'licences', run: checkNotices },
  { name: 'tree-shaking', run: shakeTree },
];
