import { checkText, shown } from '../../arguments.ts';
import { LanewiseError } from '../../errors.ts';

/**
 * The class names in a Hugging Face config.json, by index, from its `id2label`.
 * @param json the parsed file
 * @param what names the file in the error
 * @throws LanewiseError INVALID_FILE if there is no `id2label` with strings for 0, 1, 2 ...
 * @example
 * import { labelsFromConfig } from 'lanewise/vision';
 *
 * labelsFromConfig({ id2label: { 0: 'cat', 1: 'dog' } }); // ['cat', 'dog']
 */
export function labelsFromConfig(json: unknown, what = 'config.json'): string[] {
  checkText("a file's name", what);
  const id2label = (json as { id2label?: unknown } | null | undefined)?.id2label;
  if (typeof id2label !== 'object' || id2label === null) {
    throw new LanewiseError('INVALID_FILE', `${what} has no "id2label", an object such as {"0": "airplane", "1": "automobile"}`);
  }
  const labels = id2label as Record<string, unknown>;
  return Array.from({ length: Object.keys(labels).length }, (_, i) => {
    const label = Object.hasOwn(labels, i) ? labels[i] : undefined;
    if (typeof label !== 'string') {
      throw new LanewiseError('INVALID_FILE', `"id2label" in ${what} gives a text for each class from 0 on, got ${shown(label)} for ${i}`);
    }
    return label;
  });
}

/**
 * The class names in a text, one a line, by index. Spaces around a name and lines after the last name are dropped.
 * @param text the file's content
 * @param what names the file in the error
 * @throws LanewiseError INVALID_FILE if a line before the last name is empty, because the names after it would move, or if
 *   there is no name
 * @example
 * import { labelsFromText } from 'lanewise/vision';
 *
 * labelsFromText('cat\ndog\n'); // ['cat', 'dog']
 */
export function labelsFromText(text: string, what = 'the list of labels'): string[] {
  checkText("a file's name", what);
  if (typeof text !== 'string') throw new LanewiseError('INVALID_FILE', `${what} is a text, got ${typeof text}`);
  const lines = text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim());
  const empty = lines.indexOf('');
  if (empty >= 0) throw new LanewiseError('INVALID_FILE', `${what} has a name on each line; line ${empty + 1} is empty`);
  return lines;
}
