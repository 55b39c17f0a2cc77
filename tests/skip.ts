/** A test that cannot run here: counted as skipped, and said aloud, for Jest keeps the names of skipped tests to itself. */
export function skip(what: string, why: string): void {
  process.stdout.write(`skipped: ${what}: ${why}\n`);
  test.skip(`${what}: ${why}`, () => {});
}

/** What a comparison with others needs is not installed: skipped, but a failure where REQUIRE_CONFORMANCE is set, as in .ci/run. */
export function lacking(what: string, why: string): void {
  if (process.env.REQUIRE_CONFORMANCE) {
    test(what, () => {
      throw new Error(why);
    });
  } else {
    skip(what, why);
  }
}
