import { writeFileSync } from 'node:fs';

/** Writes a text as a module of build/. */
export function writeText(name, text, what) {
  writeFileSync(`build/${name}.js`, `export default ${JSON.stringify(text)};\n`);
  writeFileSync(`build/${name}.d.ts`, `/** ${what} */\ndeclare const text: string;\nexport default text;\n`);
}
