// The package's types in the projects that people have: npm run check:types [-- VERSION...]. Packs the package, and has several versions of TypeScript check
// its declarations and a project that imports every entry, with and without the types of browsers and of Node; then the blocks of TypeScript
// in README.md and docs/. Errors in files of others (TypeScript's lib, @types/node) are not ours and not counted.

import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyProject, ensureTools, exec, pack } from '../platforms/harness/setup.mjs';
import { writeBlocks } from './blocks.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Checks that run at the same time: each is busy alone. */
const AT_ONCE = 2;
const wanted = process.argv.slice(2);
const versions = ['5.0', '5.2', '5.9', '7.0'].filter((version) => wanted.length === 0 || wanted.includes(version));
const nodes = ['none', '20', '24'];

ensureTools(here);
const temp = mkdtempSync(join(tmpdir(), 'lanewise-types-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// A project for each of Node's types, the files of fixtures/ and of the docs in it.
const first = emptyProject(join(temp, 'none'), pack(temp));
const { exports } = JSON.parse(readFileSync(join(first, 'node_modules/lanewise/package.json'), 'utf8'));
const entries = Object.keys(exports).filter((path) => exports[path].types && !path.endsWith('.js'));
writeFileSync(
  join(first, 'entries.ts'),
  entries.map((path, i) => `import * as entry${i} from 'lanewise${path.slice(1)}';\nvoid entry${i};\n`).join(''),
);
for (const name of ['anywhere', 'sources', 'using', 'halves', 'bits'])
  copyFileSync(join(here, `fixtures/${name}.ts`), join(first, `${name}.ts`));
const blocks = writeBlocks(first);
for (const node of nodes.slice(1)) {
  const project = join(temp, node);
  cpSync(first, project, { recursive: true });
  mkdirSync(join(project, 'node_modules/@types'));
  symlinkSync(join(here, `node_modules/types-node-${node}`), join(project, 'node_modules/@types/node'), 'junction');
}

/** What is checked: files in a project, by a version of TypeScript. */
function check(version, resolution, lib, node, files, more = {}) {
  return {
    version,
    node,
    row: [version, resolution, lib.join(' '), node === 'none' ? 'none' : `node ${node}`],
    files,
    options: {
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      target: 'es2022',
      lib,
      module: resolution === 'bundler' ? 'esnext' : resolution,
      moduleResolution: resolution,
      types: node === 'none' ? [] : ['node'],
      ...more,
    },
  };
}

const everywhere = ['entries.ts', 'anywhere.ts'];
const checks = [];
for (const version of versions) {
  for (const resolution of ['bundler', 'node16', 'nodenext']) {
    for (const lib of [['es2022'], ['es2022', 'dom']]) {
      for (const node of nodes) {
        // Node 24's types need a newer TypeScript.
        if (version === '5.0' && node === '24') continue;
        // Node 24's types bring Float16Array where TypeScript has it.
        const halves = node === '24' && version !== '5.2';
        const files = [...everywhere, halves ? 'halves.ts' : 'bits.ts'];
        if (lib.includes('dom') || node !== 'none') files.push('sources.ts');
        // Node's types have Symbol.dispose.
        if (version !== '5.0' && node !== 'none') files.push('using.ts');
        checks.push(check(version, resolution, lib, node, files));
      }
    }
  }
  if (version !== '5.0') checks.push(check(version, 'bundler', ['es2022', 'esnext.disposable'], 'none', [...everywhere, 'using.ts']));
  if (version >= '5.9') checks.push(check(version, 'bundler', ['esnext'], 'none', [...everywhere, 'using.ts', 'halves.ts']));
}
for (const version of versions.filter((each) => each >= '5.9')) {
  for (const { doc, files } of blocks) {
    const strict = { noUncheckedIndexedAccess: doc === 'README.md' };
    const one = check(version, 'bundler', ['esnext', 'dom'], '24', files, strict);
    checks.push({ ...one, row: [version, doc, `${files.length} block${files.length > 1 ? 's' : ''}`, ''] });
  }
}

/** Has one version do some of its checks, and adds the errors to them. */
async function compile(version, some) {
  const typescript = join(here, `node_modules/typescript-${version}`);
  const input = JSON.stringify(some.map(({ node, files, options }) => ({ project: join(temp, node), files, options })));
  const results = JSON.parse(await exec(process.execPath, [join(here, 'compile.mjs'), typescript], { input }));
  for (const [i, errors] of results.entries()) some[i].errors = errors;
}

const start = performance.now();
const jobs = versions.flatMap((version) => {
  const own = checks.filter((each) => each.version === version);
  const half = Math.ceil(own.length / 2);
  return [own.slice(0, half), own.slice(half)].map((some) => () => compile(version, some));
});
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) await job();
  }),
);

const verdict = ({ errors }) => (errors.length === 0 ? 'ok' : `${errors.length} error${errors.length > 1 ? 's' : ''}: ${errors[0]}`);
const rows = [['TypeScript', 'moduleResolution', 'lib', 'types', ''], ...checks.map((each) => [...each.row, verdict(each)])];
const widths = rows[0].slice(0, 4).map((_, i) => Math.max(...rows.map((row) => row[i].length)));
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
const failed = checks.filter(({ errors }) => errors.length > 0);
for (const error of new Set(failed.flatMap(({ errors }) => errors))) console.log(error);
console.log(`${entries.length} entries, ${((performance.now() - start) / 1000).toFixed(0)} s`);
console.log(`${checks.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
