// What platforms need: the packed package installed in an empty project, the tools, processes that end in time.

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
export const repository = fileURLToPath(new URL('../../..', import.meta.url));
const tools = `${here}node_modules/`;

/** npm passes its own path on, which works on Windows too, where npm is no program but a script. */
export function npm(args, cwd) {
  const path = process.env.npm_execpath;
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 };
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  if (path) execFileSync(process.execPath, [path, ...all], options);
  else execFileSync('npm', all, { ...options, shell: process.platform === 'win32' });
}

/** Installs a folder's tools where one is missing or of another version. */
export function ensureTools(folder = here) {
  const manifest = (path) => JSON.parse(readFileSync(path, 'utf8'));
  const { dependencies, optionalDependencies = {} } = manifest(`${folder}package.json`);
  const own = Object.entries(optionalDependencies).filter(([name]) => name.endsWith(`-${process.platform}-${process.arch}`));
  const missing = [...Object.entries(dependencies), ...own]
    .filter(([name, version]) => {
      const path = `${folder}node_modules/${name}/package.json`;
      return !existsSync(path) || manifest(path).version !== version.split('@').at(-1);
    })
    .map(([name]) => name);
  if (missing.length === 0) return;
  process.stderr.write(`installing ${missing.join(', ')} in ${relative(repository, folder)} ...\n`);
  // None of them needs its scripts: the binaries are in packages of their own.
  npm(['install', '--ignore-scripts', '--no-package-lock'], folder);
}

/** Binaries by the package that holds them, for this machine. */
const binaries = {
  bun: ['@oven/bun-', 'bin/bun'],
  deno: ['@deno/', 'deno'],
  node20: ['node-20-', 'bin/node'],
  node22: ['node-22-', 'bin/node'],
  node24: ['node-24-', 'bin/node'],
  node26: ['node-26-', 'bin/node'],
};

/**
 * The path of a program, or undefined where it is not installed.
 * @param name bun, deno, node20, node22, node24, node26, or a program that the tools' packages bring (vite, wrangler): run those with `node`
 */
export function tool(name) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  if (name === `node${process.versions.node.split('.')[0]}`) return process.execPath;
  const binary = binaries[name];
  if (!binary) return undefined;
  const system = { darwin: 'darwin', linux: 'linux', win32: 'windows' }[process.platform];
  const machines = [process.arch, process.arch === 'arm64' ? 'aarch64' : process.arch];
  const endings = ['', '-glibc'].flatMap((libc) => machines.map((machine) => `${system}-${machine}${libc}`));
  return endings.map((ending) => `${tools}${binary[0]}${ending}/${binary[1]}${suffix}`).find(existsSync);
}

/** The script of a package of the tools, to be run by Node: `script('wrangler')`. */
export function script(name, command = name) {
  const path = `${tools}${name}/package.json`;
  if (!existsSync(path)) return undefined;
  const { bin } = JSON.parse(readFileSync(path, 'utf8'));
  return `${tools}${name}/${typeof bin === 'string' ? bin : bin[command]}`;
}

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws Error with all that it printed, where it fails or is stopped by the signal
 */
export function exec(program, args, { cwd, env, signal, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, signal, killSignal: 'SIGKILL', stdio: 'pipe' });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (data) => {
      stdout += data;
      all += data;
    });
    child.stderr.on('data', (data) => {
      all += data;
    });
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')} ended (${killed ?? `exit code ${code}`}):\n${all}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** The last line of what a program printed, as JSON. */
export const lastJson = (printed) => JSON.parse(printed.trim().split('\n').at(-1));

/** A project with nothing in it but the package. */
export function emptyProject(folder, tarball, manifest = {}) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module', ...manifest }));
  npm(['install', '--prefer-offline', '--ignore-scripts', tarball], folder);
  return folder;
}

/** Packs the package as it would be published; gives the tarball's path. */
export function pack(folder) {
  const { name, version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  // Without its scripts: scripts/ready.mjs has built it.
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], repository);
  return join(folder, `${name}-${version}.tgz`);
}

/**
 * A copy of examples/NAME with the model and the photo that its README asks to copy, the package and its own dependencies installed.
 * @param into where in the example the model and the photo go
 * @param more for npm: '--omit=dev' where the tools here do instead of its own
 */
export function copyExample(name, folder, tarball, into = '.', more = []) {
  const copy = join(folder, 'examples', name);
  cpSync(join(repository, 'examples', name), copy, {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|dist)$|[\\/](model\.onnx|cat\.png)$/.test(path.slice(repository.length)),
  });
  mkdirSync(join(copy, into), { recursive: true });
  copyFileSync(join(repository, 'models/cifar10-resnet20/model.onnx'), join(copy, into, 'model.onnx'));
  copyFileSync(join(repository, 'models/cat.png'), join(copy, into, 'cat.png'));
  npm(['install', '--prefer-offline', '--ignore-scripts', '--no-package-lock', ...more, tarball], copy);
  return copy;
}

/** What an example says of the cat. @throws Error where it says something else */
export function checkLabel(printed) {
  if (!/^cat\b/m.test(printed)) throw new Error(`the example takes the cat for: ${printed}`);
}

/** Checks that a bundle holds none of the binaries as a text, which it could not use. @param project has the package installed */
export function checkNoTexts(bundle, project) {
  for (const name of ['strict', 'strict-more', 'relaxed-threads']) {
    const [, start] = /["'`]([^"'`\\]{60})/.exec(readFileSync(join(project, `node_modules/lanewise/dist/chunk-${name}.js`), 'utf8'));
    if (bundle.includes(start)) throw new Error(`the bundle holds the text of the binary ${name}`);
  }
}
