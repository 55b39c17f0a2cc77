import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { RUNTIMES } from './runtimes.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const manifest = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));

/** Installs the peers where one is missing. */
export function ensurePeers() {
  const missing = Object.keys(manifest(here).dependencies).filter((name) => !existsSync(`${here}node_modules/${name}`));
  if (missing.length === 0) return;
  process.stderr.write(`installing ${missing.join(', ')} in bench/peers ...\n`);
  // The scripts fetch builds for graphics cards.
  const args = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] };
  // npm passes its own path on, which works on Windows too, where npm is no program but a script.
  const npm = process.env.npm_execpath;
  if (npm) execFileSync(process.execPath, [npm, ...args], options);
  else execFileSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** What the numbers hold for. */
export function machine() {
  const versions = { lanewise: manifest(`${here}../..`).version };
  for (const { package: name } of Object.values(RUNTIMES)) if (name) versions[name] = manifest(`${here}node_modules/${name}`).version;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    v8: process.versions.v8,
    versions,
  };
}

/** Runs a file of this folder in a process of its own; gives what it answers. */
export function child(file, ...args) {
  return new Promise((resolve, reject) => {
    let message;
    const running = fork(`${here}${file}`, args.map(String));
    running.on('message', (sent) => {
      message = sent;
    });
    running.on('error', reject);
    running.on('close', (code, signal) => {
      if (message?.failure) reject(new Error(message.failure));
      else if (code === 0 && message) resolve(message.result);
      else reject(new Error(`${file} ${args.map((arg) => String(arg).slice(0, 40)).join(' ')} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}
