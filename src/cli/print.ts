import { visible } from '../errors.ts';

/** Prints lines. Nothing in them moves the terminal's cursor or turns its writing, whatever files call their parts. */
export const print = (text: string): void => console.log(text.split('\n').map(visible).join('\n'));

/** Prints what is to be known of a model, beside the results. */
export function warn(warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`warning: ${visible(warning)}`);
}
