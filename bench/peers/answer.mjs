/**
 * What a child process is for: the result of `measure` goes to the parent, or what went wrong. Failures are sent and not
 * thrown, because Emscripten's handlers of uncaught errors print a page of their own code.
 */
export async function answer(measure) {
  try {
    process.send({ result: await measure() });
  } catch (error) {
    process.send({ failure: error instanceof Error ? error.stack : String(error) });
  }
  process.disconnect();
}
