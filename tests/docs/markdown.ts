// What the tests of the pages read from them.

/** A block of code. */
export interface Block {
  /** What stands behind the fence: 'ts', 'sh', or '' for what is printed. */
  readonly language: string;
  readonly text: string;
  /** Of the fence that opens it, from 1 on. */
  readonly line: number;
}

/** The blocks of code of a page, in their order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  for (const match of markdown.matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)) {
    const [, language = '', text = ''] = match;
    blocks.push({ language, text, line: markdown.slice(0, match.index).split('\n').length });
  }
  return blocks;
}

/** A page without its blocks of code, the code in its sentences and the addresses of its links. */
export const proseOf = (markdown: string): string =>
  markdown
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/\]\([^)]*\)/g, ']');
