// Docstrings of everything public, as the package's declarations have them and editors show them.

import { entries, examplesOf, type Public, publicApi } from './publicApi.ts';

const all = publicApi();
const title = ({ entry, name }: Public) => `${entry} ${name}`;

/** What the modules of the package export, by entry. */
const modules: [entry: string, exported: Record<string, unknown>][] = [];
// One after the other, because Jest links no two at once.
for (const [entry, { module }] of entries()) modules.push([entry, await import(module)]);

/** Marked `@internal`: declarations do not have it. */
const internal = ['compileGraph', 'moduleFor'];

test('the reader finds every entry, and everything that it exports', () => {
  expect(modules.length).toBe(13);
  for (const [entry, exported] of modules) {
    const found = all.filter((one) => one.entry === entry).map(({ name }) => name);
    expect(found).toEqual(expect.arrayContaining(Object.keys(exported).filter((name) => !internal.includes(name))));
  }
  expect(all.map(title)).toEqual(
    expect.arrayContaining(['lanewise Model.run', 'lanewise LoadOptions.winograd', 'lanewise/layers LayersModel.summary']),
  );
});

test('everything public has a sentence', () => {
  expect(all.filter(({ doc }) => !/^[^\s@].*\S/.test(doc)).map(title)).toEqual([]);
});

test('every function and every class has an example', () => {
  const isOne = ({ name, kind }: Public, exported: Record<string, unknown>) =>
    kind === 'ClassDeclaration' || typeof exported[name] === 'function';
  const lacking = modules.flatMap(([entry, exported]) =>
    all.filter((one) => one.entry === entry && isOne(one, exported) && examplesOf(one.doc).length === 0),
  );
  expect(lacking.map(title)).toEqual([]);
});

test('every function says what it takes and which errors it throws', () => {
  // Initialisers and losses that take nothing from the user.
  const plain = ['zeros', 'ones', 'l1', 'meanSquaredError', 'outputLoss'];
  const lacking = modules.flatMap(([entry, exported]) =>
    all.filter(({ entry: own, name, kind, doc }) => {
      const isFunction = own === entry && typeof exported[name] === 'function' && kind !== 'ClassDeclaration';
      return isFunction && !plain.includes(name) && !(/^@param \S+ \S/m.test(doc) && /^@throws LanewiseError /m.test(doc));
    }),
  );
  expect(lacking.map(title)).toEqual([]);
});

test('what is internal does not reach the declarations', () => {
  expect(all.filter(({ doc, name }) => doc.includes('@internal') || internal.includes(name)).map(title)).toEqual([]);
});
