const wholeFrom =
  (least: number) =>
  (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least;

/** Checks of options: see `OptionChecks`. */
export const countCheck = ['a whole number from 1 on', wholeFrom(1)] as const;
export const seedCheck = ['a whole number from 0 on', wholeFrom(0)] as const;
