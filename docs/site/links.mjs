// Checks the links of a folder of HTML pages among themselves; other sites are not asked.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const decoded = (text) =>
  text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>');

/** Links, pictures, scripts and styles that lead nowhere, a line each. @returns also how many pages there are */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(folder, name));
  const texts = new Map(pages.map((page) => [page, readFileSync(page, 'utf8')]));
  const anchors = new Map(
    [...texts].map(([page, text]) => [page, new Set([...text.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decoded(id)))]),
  );
  const broken = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].flatMap(([, raw]) => {
      const target = decoded(raw);
      if (/^([a-z][a-z+.-]*:|\/\/)/i.test(target)) return [];
      const [path, hash = ''] = target.split('#');
      const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path.split('?')[0]));
      const line = `${relative(folder, page)}: ${target}`;
      if (!existsSync(file)) return [`${line} is not there`];
      if (statSync(file).isDirectory()) return existsSync(join(file, 'index.html')) ? [] : [`${line} is a folder`];
      if (hash === '' || !anchors.has(file)) return [];
      return anchors.get(file).has(decodeURIComponent(hash)) ? [] : [`${line}: there is no such place on the page`];
    }),
  );
  return { pages: pages.length, broken: [...new Set(broken)] };
}
