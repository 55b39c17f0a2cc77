// Node of ARM64 processors on others, by QEMU's emulation of programs: Debian's qemu-user-static, and libstdc++6-arm64-cross with what it needs.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './setup.mjs';

/** Where the libraries of ARM64 programs are. */
const libraries = process.env.QEMU_LD_PREFIX ?? '/usr/aarch64-linux-gnu';

const emulator = ['qemu-aarch64-static', 'qemu-aarch64'].find((program) => {
  try {
    return execFileSync(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
  } catch {
    return false;
  }
});

/** Why there is none; undefined where there is one. */
export const missingArm =
  emulator && existsSync(join(libraries, 'lib/libstdc++.so.6'))
    ? undefined
    : { skipped: 'QEMU for ARM64 programs, or their C++ library, is not installed', unavailable: true };

/** The emulated Node 24: the program, and its arguments before the script's. */
export function armNode({ temp }) {
  const name = 'node-24-linux-arm64';
  const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).optionalDependencies[name];
  const folder = join(temp, 'arm64');
  const node = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    // --force, because it is for another processor than this.
    npm(
      ['install', '--prefer-offline', '--ignore-scripts', '--no-package-lock', '--force', '--prefix', folder, `${name}@${version}`],
      folder,
    );
  }
  return [emulator, '-L', libraries, node];
}
