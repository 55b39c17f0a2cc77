/**
 * Whether the engine has relaxed dots of integers that are exact for all bytes and faster than strict ones.
 * @internal
 */
export const hasExactDots = (): boolean => false;
