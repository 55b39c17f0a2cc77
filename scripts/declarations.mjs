// Removes declarations that no entry of the package reaches: the compiler writes one for every file of src/.

import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** @param folder of the declarations @param entries the entries' paths */
export function removeUnreached(folder, entries) {
  const reached = new Set();
  const visit = (path) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const [, source] of readFileSync(path, 'utf8').matchAll(/(?:from |import ?\(?)['"](\.[^'"]+)['"]/g)) {
      visit(resolve(dirname(path), source.replace(/(\.d)?\.ts$/, '.d.ts')));
    }
  };
  for (const entry of entries) visit(resolve(entry));
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const path of paths.filter((entry) => entry.isFile())) {
    const file = resolve(path.parentPath, path.name);
    if (!reached.has(file)) rmSync(file);
  }
  // The deepest first.
  const folders = paths.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of folders.sort((a, b) => b.length - a.length)) if (readdirSync(path).length === 0) rmdirSync(path);
}
