// Builds the site: the reference from the docstrings of the package's declarations, and the guides. Static files in
// build/site. Installs TypeDoc here where it is missing; `npm run docs:site` builds the package before. Then it checks the
// site's own links.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTools } from '../../tests/platforms/harness/setup.mjs';
import { brokenLinks } from './links.mjs';
import { emptied, writeDeclarations, writeGuides } from './sources.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

ensureTools(here);
const { Application, TSConfigReader } = await import('typedoc');

const source = emptied(join(root, 'build/site-source'));
const entryPoints = writeDeclarations(root, join(source, 'types'), manifest);
const projectDocuments = writeGuides(root, source, manifest);
const compilerOptions = {
  ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [] },
  ...{ strict: true, noEmit: true, skipLibCheck: true },
};
writeFileSync(join(source, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['types/**/*.d.ts'] }));

const app = await Application.bootstrap(
  {
    name: `${manifest.name} ${manifest.version}`,
    entryPoints,
    projectDocuments,
    readme: join(source, 'README.md'),
    tsconfig: join(source, 'tsconfig.json'),
    basePath: source,
    disableGit: true,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    hideGenerator: true,
    githubPages: false,
    searchInComments: true,
    searchInDocuments: true,
    sort: ['documents-first', 'source-order'],
    sortEntryPoints: false,
    navigation: { includeCategories: false, includeGroups: false, includeFolders: false },
    categorizeByGroup: false,
    validation: { notExported: false, invalidLink: true, invalidPath: true },
    treatWarningsAsErrors: true,
  },
  [new TSConfigReader()],
);
const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
const out = emptied(join(root, 'build/site'));
await app.generateDocs(project, out);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

const { pages, broken } = brokenLinks(out);
for (const line of broken) console.error(line);
console.log(`build/site: ${pages} pages, ${broken.length} broken links`);
if (broken.length > 0) process.exit(1);
