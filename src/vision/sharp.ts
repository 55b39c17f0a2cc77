import { LanewiseError } from '../errors.ts';

/**
 * The optional package sharp.
 * @param missing the error's sentence if it is not installed
 * @throws LanewiseError MISSING_DEPENDENCY
 */
export async function loadSharp(missing: string) {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new LanewiseError('MISSING_DEPENDENCY', missing, { cause });
  }
}
