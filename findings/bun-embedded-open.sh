#!/usr/bin/env bash
# A file inside an executable of `bun build --compile` exists, has its size and is read by readFile; open, openSync and createReadStream of the same path
# say ENOENT, no such file. Libraries that read large files part by part therefore fail only in the executable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-audit --no-fund --loglevel=error bun@1.4.5 > npm.log 2>&1 || { cat npm.log; exit 2; }
bun=node_modules/.bin/bun
echo hello > data.txt
cat > main.js <<'SCRIPT'
import fs from 'node:fs';
import path from './data.txt' with { type: 'file' };

const attempt = async (action) => {
  try {
    return await action();
  } catch (error) {
    return error.code;
  }
};
console.log(
  `statSync: ${fs.statSync(path).size} bytes,`,
  `readFileSync: ${fs.readFileSync(path).length} bytes,`,
  `openSync: ${await attempt(() => typeof fs.openSync(path, 'r'))},`,
  `promises.open: ${await attempt(async () => typeof (await fs.promises.open(path)))},`,
  `createReadStream: ${await attempt(async () => (await fs.createReadStream(path).toArray()).join('').length)}`,
);
SCRIPT
echo "Bun $("$bun" --version)"
echo "as a program:     $("$bun" main.js)"
"$bun" build main.js --compile --outfile=main > /dev/null
printed=$(./main)
echo "as an executable: $printed"
[ "$printed" = 'statSync: 6 bytes, readFileSync: 6 bytes, openSync: ENOENT, promises.open: ENOENT, createReadStream: ENOENT' ]
