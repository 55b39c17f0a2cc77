// The links of README and guides: among themselves, in the repository and in the packed package. Other sites are not asked.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenLinks } from '../../docs/site/links.mjs';
import { entries, ordered } from '../../docs/site/pages.mjs';
import { asFunctions, outsideCode } from '../../docs/site/sources.mjs';
import { entries as typedEntries } from './publicApi.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inFolder = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
const pages = [...inFolder('.'), ...inFolder('docs').map((name) => `docs/${name}`)];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8').replaceAll('\r\n', '\n');

interface Link {
  readonly page: string;
  /** As it is written. */
  readonly target: string;
  /** From the repository's root; the page itself for a bare anchor. */
  readonly path: string;
  readonly anchor: string | undefined;
}

function linksOf(page: string): Link[] {
  const links: Link[] = [];
  outsideCode(textOf(page), (part: string) => {
    const plain = part.replace(/`[^`\n]*`/g, (code) => code.replace(/[\][]/g, ' '));
    const found = [
      ...plain.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g),
      ...plain.matchAll(/^\[[^\]]+\]: *(\S+)/gm),
      ...plain.matchAll(/<(?:img|a|source)\s[^>]*?(?:src|href|srcset)="([^"]+)"/g),
    ];
    for (const [, target = ''] of found) {
      if (/^([a-z][a-z+.-]*:|\/\/)/i.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      links.push({ page, target, path: file === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(file)), anchor });
    }
    return part;
  });
  return links;
}

/** The places on a page, as GitHub names them: github.com/gjtorikian/html-pipeline's TableOfContentsFilter. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  outsideCode(textOf(page), (part: string) => {
    for (const [, heading = ''] of part.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
      const words = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/<[^>]+>/g, '');
      const id = words
        .toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
        .replaceAll(' ', '-');
      const count = counts.get(id) ?? 0;
      counts.set(id, count + 1);
      anchors.add(count === 0 ? id : `${id}-${count}`);
    }
    for (const [, id = ''] of part.matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)) anchors.add(id);
    return part;
  });
  return anchors;
}

const links = pages.flatMap(linksOf);

test('the reader of links finds those of README and guides', () => {
  expect(links.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(10);
  expect(links.filter(({ page }) => page.startsWith('docs/')).length).toBeGreaterThan(40);
  expect(anchorsOf('docs/performance.md')).toContain('accuracy');
});

test('every relative link leads to a file of the repository, and to a place on it', () => {
  const broken = links.filter(({ path, anchor }) => {
    if (path.startsWith('..') || !existsSync(join(root, path))) return true;
    return anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).has(anchor);
  });
  expect(broken.map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
});

/**
 * What the packed package does not have: these links lead to the repository, where npm resolves them once package.json names
 * it. A name with / at the end is a folder with all that is in it.
 */
const repositoryOnly = ['CONTRIBUTING.md', 'docs/cnn-from-scratch.md', 'examples/', 'models/'];

test('in the package they lead to a packed file, or are known to be in the repository alone', () => {
  const npm = process.env.npm_execpath;
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const output = npm
    ? execFileSync(process.execPath, [npm, ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    : execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], shell: process.platform === 'win32' });
  const packed = new Set((JSON.parse(output) as [{ files: { path: string }[] }])[0].files.map(({ path }) => path));
  for (const path of ['README.md', 'CHANGELOG.md', 'LICENSE', 'docs/peers.svg', 'docs/layers.md']) expect(packed).toContain(path);
  expect([...packed].filter((path) => path.startsWith('docs/site'))).toEqual([]);
  const isKnown = (path: string) => repositoryOnly.find((known) => path === known || `${path}/`.startsWith(known));
  const outside = links.filter(({ page, path }) => packed.has(page) && !packed.has(path));
  expect(outside.filter(({ path }) => !isKnown(path)).map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
  // Names that no link needs any more would hide a new mistake.
  expect(repositoryOnly.filter((known) => !outside.some(({ path }) => isKnown(path) === known))).toEqual([]);
}, 60_000);

test('the check of the built site sees what leads nowhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-site-'));
  try {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'index.html'), '<h1 id="a b">x</h1><a href="sub/p.html#here">1</a><a href="https://example.com/">2</a>');
    const right = '<p id="here"></p><a href="../index.html#a%20b">1</a><a href="#here">2</a><img src="../index.html?x=1">';
    writeFileSync(join(folder, 'sub/p.html'), right);
    expect(brokenLinks(folder)).toEqual({ pages: 2, broken: [] });
    writeFileSync(
      join(folder, 'sub/p.html'),
      '<a href="gone.html">1</a><a href="../index.html#gone">2</a><a href="#gone">3</a><img src="../sub">',
    );
    expect(brokenLinks(folder).broken).toEqual([
      'index.html: sub/p.html#here: there is no such place on the page',
      `${join('sub', 'p.html')}: gone.html is not there`,
      `${join('sub', 'p.html')}: ../index.html#gone: there is no such place on the page`,
      `${join('sub', 'p.html')}: #gone: there is no such place on the page`,
      `${join('sub', 'p.html')}: ../sub is a folder`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the site takes pages and entries that its lists do not have', () => {
  expect(ordered(['b', 'new', 'a', 'also-new'], ['a', 'gone', 'b'])).toEqual(['a', 'b', 'also-new', 'new']);
  expect(Object.keys(entries).sort()).toEqual([...typedEntries().keys()].sort());
});

test("the reference shows layers' and networks' functions with their parameters", () => {
  const made = ['layers', 'zoo'].flatMap((folder) =>
    readdirSync(join(root, 'dist/types/src', folder))
      .filter((name) => statSync(join(root, 'dist/types/src', folder, name)).isFile())
      .map((name) => asFunctions(readFileSync(join(root, 'dist/types/src', folder, name), 'utf8')) as string),
  );
  const text = made.join('\n');
  expect(text).not.toMatch(/declare const \w+: (Factory|import\("\.\/layer\.ts"\))/);
  expect(text).toContain('export declare function leakyRelu(slope?: number, options?: LayerOptions): import("./layer.ts").Layer;');
  expect(text).toContain('export declare function resnet50(options?: WidthOptions): import("../layers/index.ts").LayersModel;');
  expect(text).toContain('export declare function heNormal(options?: RandomOptions): Initializer;');
});
