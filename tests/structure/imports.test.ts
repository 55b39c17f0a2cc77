// No file of the sources imports itself by way of others, types included: what is read first needs nothing of what is read later.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

type Imports = ReadonlyMap<string, readonly string[]>;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** import and export … from, with types or without, import(…) of modules and of types, and JSDoc's @import. */
const specifiers =
  /(?:^|[\s;}*])(?:import|export)\s(?:[^'";()]*?\sfrom\s*)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]|@import\s[^'"]*?from\s*['"](\.[^'"]+)['"]/g;

/** The files that a text names, by their paths from the root; in assembly/ names stand without an extension. */
function namesIn(text: string, file: string, files: ReadonlySet<string>): string[] {
  const names = [...text.matchAll(specifiers)].map(([, from, dynamic, jsdoc]) => join(dirname(file), (from ?? dynamic ?? jsdoc) as string));
  return [...new Set(names)].flatMap((name) => [name, `${name}.ts`, `${name}/index.ts`].filter((path) => files.has(path)).slice(0, 1));
}

function importsOf(folders: readonly string[]): Imports {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => relative('.', join(folder, name)).replaceAll('\\', '/')),
  );
  const files = new Set(paths);
  return new Map(paths.map((path) => [path, namesIn(readFileSync(join(root, path), 'utf8'), path, files)]));
}

/** One circle for each import that leads back to a file on the way to it. */
function circles(imports: Imports): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    way.push(file);
    for (const next of imports.get(file) ?? []) visit(next);
    way.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return found;
}

const imports = importsOf(['src', 'assembly']);

test('nothing in src and assembly imports itself by way of others', () => {
  expect(circles(imports)).toEqual([]);
});

test('every form of an import is seen', () => {
  const files = new Set(['a/b.ts', 'a/c.ts', 'a/d.ts', 'a/e.ts', 'a/f.ts', 'a/g.ts', 'h/index.ts']);
  const text = `import { type B,\n  b } from './b.ts';\nexport type { C } from './c';\nimport './d.ts';
    const { e } = await import('./e.ts');\n/** @import { F } from './f.ts' */\nlet g: typeof import('./g.ts') | undefined;\nexport * from '../h';
    import fs from 'node:fs';\nconst text = 'from nowhere';`;
  expect(namesIn(text, 'a/x.ts', files)).toEqual([...files]);
  expect(imports.get('src/index.ts')).toContain('src/load.ts');
  expect(imports.get('assembly/index.ts')).toContain('assembly/program.ts');
});

test('a circle is told by its path', () => {
  const graph: Record<string, string[]> = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['d'], e: ['a'] };
  expect(circles(new Map(Object.entries(graph)))).toEqual(['a → b → c → a', 'd → d']);
});
