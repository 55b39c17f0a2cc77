/** A command line that makes no sense: exit code 2. By its name, because the package holds the command line in two files. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
