// Makes a checkout ready: installs the dependencies and builds, each only where it is missing or stale. Needs nothing but
// Node and npm.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** All files below a path, in a fixed order. */
function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => files(join(path, name)));
}

/** A hash of the contents of files, so that a fresh clone or a touched file is not taken for a change. */
function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths
    .map((name) => join(root, name))
    .filter(existsSync)
    .flatMap(files)) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

/** Runs `action` unless it has run for the same contents and `output` still exists. */
function unlessFresh(name, paths, output, action) {
  const stamp = join(root, 'build', `${name}.stamp`);
  const print = fingerprint(paths);
  if (existsSync(join(root, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  const start = performance.now();
  process.stderr.write(`${name} ...\n`);
  try {
    action();
  } catch (error) {
    // The command itself has printed the error.
    process.stderr.write(`${name} failed (exit code ${error.status ?? error.code})\n`);
    process.exit(1);
  }
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(stamp, print);
  process.stderr.write(`${name}: done in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

const quiet = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };
// npm passes its own path on, which works on Windows too, where npm is no program but a script.
const npm = process.env.npm_execpath;
// `npm ci` would require every platform's optional packages in the lock file.
const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
unlessFresh('install', ['package-lock.json'], 'node_modules', () =>
  npm
    ? execFileSync(process.execPath, [npm, ...install], quiet)
    : execFileSync('npm', install, { ...quiet, shell: process.platform === 'win32' }),
);
/** Runs a script of this folder. */
const script = (name) => () => execFileSync(process.execPath, [`scripts/${name}.mjs`], quiet);
const forBinaries = ['assembly', 'scripts/binaries.mjs', 'scripts/wasm.mjs', 'scripts/writeText.mjs', 'asconfig.json', 'package-lock.json'];
unlessFresh('binaries', forBinaries, 'build/strict.wasm', script('binaries'));
unlessFresh(
  'package',
  [...forBinaries, 'src', 'scripts/package.mjs', 'scripts/minify.mjs', 'tsconfig.json', 'tsconfig.build.json'],
  'dist/cli.js',
  script('package'),
);
