import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The path of a file or folder of the repository. */
export const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Benchmarks measure parts that the package keeps to itself: what `contents` exports, a module that could lie in the root, is bundled and imported. */
export async function importSources(name, contents) {
  const outfile = path(`build/bench/${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: path('.') },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  return import(outfile);
}
