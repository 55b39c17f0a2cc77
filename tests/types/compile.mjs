// node compile.mjs TYPESCRIPT: checks what stands on stdin, [{ project, files, options }, ...], with the TypeScript in that folder, and prints
// the errors of each that are not in others' files, as JSON. A process of its own for each version.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

const typescript = process.argv[2];
const api = join(typescript, 'lib/typescript.js');
// Since version 7 it is a program.
const errorsOf = existsSync(api) ? byApi(createRequire(import.meta.url)(api)) : byProgram;
const checks = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(checks.map((check) => errorsOf({ ...check, project: realpathSync(check.project) }))));

function byApi(ts) {
  const others = new Map();
  return ({ project, files, options: json }) => {
    const { options, errors } = ts.convertCompilerOptionsFromJson(json, project);
    const host = ts.createCompilerHost(options);
    host.getCurrentDirectory = () => project;
    const { getSourceFile } = host;
    // Others' files are parsed once for all checks that read them alike.
    host.getSourceFile = (name, how, ...more) => {
      if (isOwn(relative(project, name))) return getSourceFile(name, how, ...more);
      const key = JSON.stringify([name, how]);
      if (!others.has(key)) others.set(key, getSourceFile(name, how, ...more));
      return others.get(key);
    };
    const program = ts.createProgram({ rootNames: files.map((name) => join(project, name)), options, host });
    // Checking others' files takes most of the time, and says nothing about ours.
    const own = program.getSourceFiles().filter(({ fileName }) => isOwn(relative(project, fileName)));
    const all = [
      ...errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ];
    return all.map(({ file, start, code, messageText }) => {
      const { line, character } = file?.getLineAndCharacterOfPosition(start) ?? {};
      const place = file ? `${relative(project, file.fileName)}(${line + 1},${character + 1}): ` : '';
      return `${place}TS${code}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  };
}

/** Whether a path, relative to the project, is of the package or the project. */
function isOwn(path) {
  return !path.startsWith('..') && (!path.includes('node_modules') || /node_modules[\\/]lanewise[\\/]/.test(path));
}

function byProgram({ project, files, options }) {
  const config = join(project, `tsconfig-${process.pid}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files }));
  const { stdout, status, error } = spawnSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', config, '--pretty', 'false'], {
    cwd: project,
    encoding: 'utf8',
  });
  rmSync(config);
  if (error) throw error;
  const lines = stdout.split('\n').filter((line) => /\berror TS\d+/.test(line));
  if (status !== 0 && lines.length === 0) throw new Error(`tsc ended with ${status}: ${stdout}`);
  return lines.filter((line) => isOwn(/^(.+?)\(\d+,\d+\): /.exec(line)?.[1] ?? ''));
}
