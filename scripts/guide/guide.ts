// docs/cnn-from-scratch.md is a program. Its JavaScript blocks run from top to bottom, and what comes out is written back
// into the page:
//
//   ```js … ``` and ```text … ```        what a block prints goes into the text block behind it
//   60,965,224<!--= expression -->       a figure: the word before the comment is what the expression gives
//   <!-- table = expression -->          the table below
//   <!-- picture = expression -->        the picture on the next line, ![…](pictures/NAME)
//
// Expressions see what the blocks declare, and what helpers.ts exports, which the blocks do not: they are to run wherever
// Lanewise is.

import { format } from 'node:util';
import type { Picture } from '../../src/vision/index.ts';
import * as helpers from './helpers.ts';
import { modules } from './modules.ts';

/** A PNG's pixels, or an SVG's text. */
export type Drawing = Picture | string;

export interface Guide {
  /** The page with everything that is computed as it came out. */
  readonly markdown: string;
  /** By file name in docs/pictures. */
  readonly drawings: ReadonlyMap<string, Drawing>;
}

/** A piece of the page: text and code stay, the rest is computed. */
export interface Piece {
  readonly kind: 'text' | 'code' | 'output' | 'figure' | 'table' | 'picture';
  readonly text: string;
  /** Its first line on the page, from 1 on. */
  readonly line: number;
  /** The expression that figures, tables and pictures come from. */
  readonly source?: string;
}

const FIGURE = /([^\s(*|<>]+)<!--= (.+?) -->/g;

/** The pieces of a page, which one after the other are the page again. @throws Error for a page that is not as described above */
export function parseGuide(markdown: string): Piece[] {
  const pieces: Piece[] = [];
  const rest = markdown.split(/(?<=\n)/);
  let line = 1;
  /** Takes lines as long as `wanted` says. */
  const take = (wanted: (text: string) => boolean): string => {
    const end = rest.findIndex((text) => !wanted(text));
    return rest.splice(0, end < 0 ? rest.length : end).join('');
  };
  const push = (piece: Piece): void => {
    if (piece.text !== '' || piece.kind === 'output') pieces.push(piece);
    line += piece.text.split('\n').length - 1;
  };
  const fail = (problem: string): never => {
    throw new Error(`line ${line} of the guide: ${problem}`);
  };
  const block = (kind: 'code' | 'output'): void => {
    push({ kind: 'text', text: rest.shift() as string, line });
    const text = take((next) => next !== '```\n');
    push({ kind, text, line });
    push({ kind: 'text', text: rest.shift() ?? fail('a block without an end'), line });
  };
  while (rest.length > 0) {
    const first = rest[0] as string;
    const special = /^<!-- (table|picture) = /.exec(first)?.[1] as 'table' | 'picture' | undefined;
    if (first === '```js\n') {
      block('code');
      push({ kind: 'text', text: take((next) => next === '\n'), line });
      if (rest[0] === '```text\n') block('output');
      else push({ kind: 'output', text: '', line });
    } else if (first.startsWith('```')) {
      fail('a block that is neither js nor the text that follows js');
    } else if (special) {
      const comment = take((next) => !next.endsWith('-->\n')) + (rest.shift() ?? fail('a comment without an end'));
      push({ kind: 'text', text: comment, line });
      const source = comment.slice(comment.indexOf('=') + 1, comment.lastIndexOf('-->'));
      push({ kind: special, text: special === 'table' ? take((next) => next.startsWith('|')) : (rest.shift() ?? ''), line, source });
    } else if (first.startsWith('<!--=')) {
      fail('a figure stands behind its word, on the same line');
    } else {
      let at = 0;
      for (const match of first.matchAll(FIGURE)) {
        const [whole, text = '', source = ''] = match;
        push({ kind: 'text', text: first.slice(at, match.index), line });
        push({ kind: 'figure', text, line, source });
        push({ kind: 'text', text: whole.slice(text.length), line });
        at = match.index + whole.length;
      }
      push({ kind: 'text', text: first.slice(at), line });
      rest.shift();
    }
  }
  return pieces;
}

type Results = Map<number, unknown>;

/** The page's program: code as it is, and between it what notes the results, by the index of the piece. */
function programOf(pieces: readonly Piece[]): string {
  const imports = new Set<string>();
  const lines = pieces.map((piece, i) => {
    if (piece.kind === 'text') return '';
    if (piece.kind === 'code') return `$.at(${piece.line});\n${hoisted(piece.text, imports)}`;
    if (piece.kind === 'output') return `$.printed(${i});`;
    return `$.at(${piece.line}); $.note(${i}, (({ ${Object.keys(helpers).join(', ')} }) => (${piece.source}))($.helpers));`;
  });
  return `${[...imports].join('\n')}\n${lines.join('\n')}`;
}

/** Code without its imports, which become declarations at the top, each name once. */
function hoisted(code: string, imports: Set<string>): string {
  return code.replace(/^import \{([^}]+)\} from '([^']+)';$/gm, (_, names: string, module: string) => {
    for (const name of names.split(',')) if (name.trim()) imports.add(`const { ${name.trim()} } = $.module('${module}');`);
    return '';
  });
}

/**
 * Runs a page, in the root of the checkout.
 * @throws Error what the page's code throws, with the line where it was
 */
export async function runGuide(markdown: string): Promise<Guide> {
  const pieces = parseGuide(markdown);
  const results: Results = new Map();
  let line = 0;
  let output = '';
  const page = {
    helpers,
    at(next: number) {
      line = next;
    },
    note: (index: number, value: unknown) => void results.set(index, value),
    printed(index: number) {
      results.set(index, output);
      output = '';
    },
    module(name: string) {
      const found = modules[name];
      if (!found) throw new Error(`the guide has no module '${name}'`);
      return found;
    },
  };
  const console = {
    log(...values: unknown[]) {
      output += `${format(...values)}\n`;
    },
  };
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;
  try {
    await new AsyncFunction('$', 'console', `'use strict';\n${programOf(pieces)}`)(page, console);
  } catch (cause) {
    throw new Error(`the guide's code near line ${line}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return assembled(pieces, results);
}

function assembled(pieces: readonly Piece[], results: Results): Guide {
  const drawings = new Map<string, Drawing>();
  const texts = pieces.map((piece, i) => {
    const result = results.get(i);
    const fail = (problem: string): never => {
      throw new Error(`line ${piece.line} of the guide: ${problem}`);
    };
    if (piece.kind === 'text' || piece.kind === 'code') return piece.text;
    if (piece.kind === 'picture') {
      const name = /^!\[[^\]]+\]\(pictures\/([\w.-]+)\)\n$/.exec(piece.text)?.[1] ?? fail('no picture with a text follows');
      if (drawings.has(name)) fail(`there are two pictures ${name}`);
      drawings.set(name, result as Drawing);
      return piece.text;
    }
    if (piece.kind === 'output' && piece.text === '' && result !== '') fail('no text block for what is printed');
    if (piece.kind === 'figure' && /\s/.test(String(result))) fail(`a figure is one word, got '${result}'`);
    const text = String(result);
    return piece.kind === 'table' && !text.endsWith('\n') ? `${text}\n` : text;
  });
  return { markdown: texts.join(''), drawings };
}
