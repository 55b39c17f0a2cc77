// What the package exports, with its docstrings: a reader of the declarations in dist/types, which are what editors show.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseSync } from 'rolldown/utils';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Something public: an export, or a member of one. */
export interface Public {
  /** The entry by the name that users import: 'lanewise/layers'. */
  readonly entry: string;
  /** 'conv2d', or 'LayersModel.summary'. */
  readonly name: string;
  /** The declaration's node type: 'ClassDeclaration', 'VariableDeclaration', ... */
  readonly kind: string;
  /** The docstring without stars; '' if there is none. */
  readonly doc: string;
}

type Statement = ESTree.Program['body'][number];

interface File {
  readonly path: string;
  readonly body: readonly Statement[];
  /** The docstring that ends where the node begins. */
  docOf(node: { readonly start: number }): string;
}

const files = new Map<string, File>();

function open(path: string): File {
  const known = files.get(path);
  if (known) return known;
  const text = readFileSync(path, 'utf8');
  const { program, comments } = parseSync(path, text, { lang: 'dts' });
  const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  const file: File = {
    path,
    body: program.body,
    docOf({ start }) {
      const doc = docs.findLast(({ end }) => end <= start);
      if (!doc || text.slice(doc.end, start).trim() !== '') return '';
      return doc.value
        .slice(1)
        .split('\n')
        .map((line) => line.replace(/^ *\* ?/, ''))
        .join('\n')
        .trim();
    },
  };
  files.set(path, file);
  return file;
}

const nameOf = (node: { readonly type: string }): string =>
  (node as { name?: string; value?: string }).name ?? (node as { value?: string }).value ?? '';

/** The declarations of a name that a file exports: several if it is overloaded. */
function declarationsOf(path: string, name: string): { file: File; node: ESTree.Node; at: Statement }[] {
  const file = open(path);
  const near = (source: string) => join(dirname(path), source.replace(/(\.d)?\.ts$/, '.d.ts'));
  const found = file.body.flatMap((at) => {
    const node = at.type === 'ExportNamedDeclaration' && at.declaration ? at.declaration : at;
    const names = 'declarations' in node ? node.declarations.map(({ id }) => nameOf(id)) : 'id' in node && node.id ? [nameOf(node.id)] : [];
    return names.includes(name) ? [{ file, node: node as ESTree.Node, at }] : [];
  });
  if (found.length > 0) return found;
  for (const at of file.body) {
    if (at.type === 'ExportNamedDeclaration') {
      const own = at.specifiers.find(({ exported }) => nameOf(exported) === name);
      if (own && at.source) return declarationsOf(near(at.source.value), nameOf(own.local));
      if (own && nameOf(own.local) !== name) return declarationsOf(path, nameOf(own.local));
    }
    if (at.type === 'ImportDeclaration') {
      const own = at.specifiers.find(({ local }) => nameOf(local) === name);
      if (own && 'imported' in own) return declarationsOf(near(at.source.value), nameOf(own.imported));
    }
  }
  throw new Error(`${path} has no declaration of ${name}`);
}

/** The names that a file exports, as its index does: by lists and by declarations. */
function exportsOf(path: string): string[] {
  return open(path).body.flatMap((at) => {
    if (at.type !== 'ExportNamedDeclaration') return [];
    const { declaration } = at;
    if (!declaration) return at.specifiers.map(({ exported }) => nameOf(exported));
    if ('declarations' in declaration) return declaration.declarations.map(({ id }) => nameOf(id));
    return 'id' in declaration && declaration.id ? [nameOf(declaration.id)] : [];
  });
}

/** Public members: neither private nor the constructor, and none with a symbol for a name. */
function membersOf(node: ESTree.Node): ESTree.Node[] {
  const body: readonly ESTree.Node[] =
    node.type === 'ClassDeclaration' || node.type === 'TSInterfaceDeclaration' ? (node.body.body as ESTree.Node[]) : [];
  return body.filter((member) => {
    const { key, computed, kind } = member as { key?: ESTree.Node; computed?: boolean; kind?: string };
    return key && !computed && key.type !== 'PrivateIdentifier' && kind !== 'constructor';
  });
}

/** An entry of the package: its declarations and its module. */
interface Entry {
  readonly types: string;
  readonly module: string;
}

/** The entries of the package with types, by the names that users import. */
export function entries(): ReadonlyMap<string, Entry> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, { types?: string; default?: string }>;
  };
  return new Map(
    Object.entries(manifest.exports).flatMap(([key, { types, default: module = '' }]): [string, Entry][] =>
      // A worker's script exports nothing.
      types && !key.endsWith('.js') ? [[manifest.name + key.slice(1), { types: join(root, types), module: join(root, module) }]] : [],
    ),
  );
}

/** Everything public, in the order of the entries' lists. */
export function publicApi(): Public[] {
  return [...entries()].flatMap(([entry, { types: path }]) => {
    if (!existsSync(path)) throw new Error(`${path} is missing: npm run build`);
    return exportsOf(path).flatMap((name): Public[] => {
      const found = declarationsOf(path, name);
      const doc = found.map(({ file, at }) => file.docOf(at)).find((text) => text !== '') ?? '';
      const [first] = found;
      const members = new Map<string, Public>();
      for (const { file, node } of found) {
        for (const member of membersOf(node)) {
          const label = `${name}.${nameOf((member as unknown as { key: ESTree.Node }).key)}`;
          // The first of overloads has the words.
          if (!members.has(label)) members.set(label, { entry, name: label, kind: member.type, doc: file.docOf(member) });
        }
      }
      return [{ entry, name, kind: first?.node.type ?? '', doc }, ...members.values()];
    });
  });
}

/** The code of a docstring's examples. */
export const examplesOf = (doc: string): string[] =>
  doc
    .split(/^@(?=\w)/m)
    .slice(1)
    .filter((tag) => tag.startsWith('example'))
    .map((tag) => tag.slice('example'.length).trim());
