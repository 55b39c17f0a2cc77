// What TypeDoc reads: copies of the package's declarations and of the guides, in a form that it shows well.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';
import { entries, guides, ordered } from './pages.mjs';

/** Every file below a folder. */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** What a function in a variable's place is declared as, by the type of the variable. */
const LAYER = 'The layer without its input: for `sequential`, or to be applied later, several times with the same weights.';

/**
 * Declarations of variables that hold functions, as functions: the page then shows their parameters. A layer's function has
 * two forms, with the symbolic tensor that it is applied to and without.
 */
export function asFunctions(text) {
  return text
    .replace(/export declare const (\w+): import\("\.\/layer\.ts"\)\.LayerFunction<(.+)>;/g, (_, name, types) => {
      const lists = [...types.matchAll(/\[([^\]]*)\]/g)].map(([, list]) => list.replaceAll(' | undefined', ''));
      // The longest, if the arguments before the options may be left out.
      const list = lists.sort((a, b) => b.length - a.length)[0];
      const applied = `export declare function ${name}(x: import("./symbol.ts").SymbolicTensor, ${list}): import("./symbol.ts").SymbolicTensor;`;
      return `${applied}\n/** ${LAYER} */\nexport declare function ${name}(${list}): import("./layer.ts").Layer;`;
    })
    .replace(/export declare const (\w+): Factory(?:<(\w+)>)?;/g, (_, name, options) => {
      const type = options ?? 'import("./network.ts").ZooOptions';
      return `export declare function ${name}(options?: ${type}): import("../layers/index.ts").LayersModel;`;
    })
    .replace(/export declare const (\w+): (\((?:[^()=\n]|\([^()=\n]*\))*\)) => (?=[\w{])(?!\w+ is )/g, 'export declare function $1$2: ');
}

/** Copies the declarations. @returns the paths of the entries' files, in order */
export function writeDeclarations(root, folder, manifest) {
  for (const path of filesIn(join(root, 'dist/types'))) {
    const to = join(folder, relative(join(root, 'dist/types'), path));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, asFunctions(readFileSync(path, 'utf8')));
  }
  const typed = Object.entries(manifest.exports).filter(([key, { types }]) => types && !key.endsWith('.js'));
  const paths = new Map(typed.map(([key, { types }]) => [manifest.name + key.slice(1), posix.relative('dist/types', types)]));
  return ordered([...paths.keys()], Object.keys(entries)).map((name) => {
    const file = join(folder, paths.get(name));
    writeFileSync(file, `/**\n * ${entries[name] ?? ''}\n * @module ${name}\n */\n\n${readFileSync(file, 'utf8')}`);
    return file;
  });
}

/** Markdown outside of blocks of code. */
export const outsideCode = (text, change) =>
  text
    .split(/^(```[\s\S]*?^```)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('');

const LINK = /(!?)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/**
 * Copies README, CHANGELOG and the guides, with a title for the menu. Links to files that are no pages lead to the
 * repository, if its address is known, and are plain text otherwise.
 * @returns the paths of the guides, in order
 */
export function writeGuides(root, folder, manifest) {
  const names = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3));
  const pages = ['README.md', ...ordered(names, guides).map((name) => `docs/${name}.md`), 'CONTRIBUTING.md', 'CHANGELOG.md'];
  const found = pages.filter((page) => existsSync(join(root, page)));
  const repository = addressOf(manifest.repository);
  for (const page of found) {
    const text = readFileSync(join(root, page), 'utf8');
    const linked = outsideCode(text, (part) =>
      part.replace(LINK, (whole, picture, words, target) => {
        if (/^(#|[a-z]+:)/.test(target)) return whole;
        const [path, hash] = target.split('#');
        const file = posix.join(posix.dirname(page), path);
        if (found.includes(file) || picture) return whole;
        return repository ? `[${words}](${repository}/blob/HEAD/${file}${hash === undefined ? '' : `#${hash}`})` : words;
      }),
    );
    const to = join(folder, page);
    mkdirSync(dirname(to), { recursive: true });
    // Code without a language would be coloured as TypeScript.
    const plain = linked.replace(/^```(\w*)$([\s\S]*?^```)/gm, (_, language, code) => `\`\`\`${language || 'text'}${code}`);
    const title = /^# (.+)$/m.exec(text)?.[1].replaceAll('`', '') ?? basename(page, '.md');
    // The first page has its name from the package.
    writeFileSync(to, page === 'README.md' ? plain : `---\ntitle: ${JSON.stringify(title)}\n---\n\n${plain}`);
  }
  for (const name of readdirSync(join(root, 'docs')).filter((name) => /^pictures$|\.svg$/.test(name))) {
    cpSync(join(root, 'docs', name), join(folder, 'docs', name), { recursive: true });
  }
  return found.filter((page) => page !== 'README.md').map((page) => join(folder, page));
}

/** The address of package.json's `repository`, for people; undefined if there is none. */
function addressOf(repository) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  return url
    ?.replace(/^git\+/, '')
    .replace(/\.git$/, '')
    .replace(/^github:/, 'https://github.com/');
}

/** Empties a folder. */
export function emptied(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
