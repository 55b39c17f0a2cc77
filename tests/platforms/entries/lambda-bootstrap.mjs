// node lambda-bootstrap.mjs, as AWS Lambda's runtime for Node does: imports the handler that _HANDLER names from LAMBDA_TASK_ROOT, then asks the
// Runtime API at AWS_LAMBDA_RUNTIME_API for events, one after the other, and posts what the handler makes of them.

import { pathToFileURL } from 'node:url';

const { _HANDLER, LAMBDA_TASK_ROOT, AWS_LAMBDA_RUNTIME_API } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const post = (path, body) => fetch(`${api}/${path}`, { method: 'POST', body: JSON.stringify(body) });
const problem = (error) => ({ errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') });

const [file, name] = _HANDLER.split('.');
let handler;
try {
  handler = (await import(pathToFileURL(`${LAMBDA_TASK_ROOT}/${file}.js`)))[name];
} catch (error) {
  await post('init/error', problem(error));
  process.exit(1);
}
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => Number(next.headers.get('lambda-runtime-deadline-ms')) - Date.now() };
  try {
    await post(`invocation/${id}/response`, await handler(await next.json(), context));
  } catch (error) {
    await post(`invocation/${id}/error`, problem(error));
  }
}
