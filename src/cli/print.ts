import { visible } from '../errors.ts';

/** Prints lines. Names from files cannot move the terminal's cursor or change its writing. */
export const print = (text: string): void => console.log(text.split('\n').map(visible).join('\n'));

/** Prints a model's warnings, apart from the results. */
export function warn(warnings: readonly string[]): void {
  for (const warning of warnings) console.error(`warning: ${visible(warning)}`);
}
