import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** Under this path pages are cross-origin isolated, which lets them share memory with workers. */
export const ISOLATED = '/isolated/';
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Serves the files of a folder on a free port of this machine. */
export function serve(folder: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    // normalize() takes every '..' out of an absolute path.
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    const isolated = path.startsWith(ISOLATED);
    try {
      const content = await readFile(join(folder, isolated ? path.slice(ISOLATED.length) : path));
      response
        .writeHead(200, { ...(isolated ? isolation : {}), 'content-type': types[extname(path)] ?? 'application/octet-stream' })
        .end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
