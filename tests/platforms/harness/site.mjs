// A server for pages: a built example, the models, and an address to which a page sends what it found.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};
/** A page with these may share memory with workers. */
export const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/**
 * Serves a folder on a free port of this machine.
 * @param folders by the path under which they are served: `{ '/': folder, '/models/': models }`
 * @param headers of every answer
 * @returns its origin; `report`, which resolves to what was first posted to /report; `close`
 */
export async function openSite(folders, headers = {}) {
  let reported;
  const report = new Promise((resolve) => {
    reported = resolve;
  });
  const server = createServer(async (request, response) => {
    // normalize() takes every '..' out of an absolute path.
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname)).replaceAll('\\', '/');
    if (request.method === 'POST' && path === '/report') {
      const parts = [];
      for await (const part of request) parts.push(part);
      reported(JSON.parse(Buffer.concat(parts).toString()));
      return response.writeHead(204, headers).end();
    }
    const file = path.endsWith('/') ? `${path}index.html` : path;
    const under = Object.keys(folders)
      .filter((prefix) => file.startsWith(prefix))
      .sort((a, b) => b.length - a.length)[0];
    try {
      const content = await readFile(join(folders[under], file.slice(under.length)));
      const type = types[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'content-type': type, 'content-length': content.length }).end(content);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, report, close };
}
