#!/usr/bin/env bash
# Bun prints fewer frames of an uncaught error once its `stack` was read, as loggers and error classes do: those without a function's name, which are the
# lines at the top level of a module, are gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-audit --no-fund --loglevel=error bun@1.4.5 > npm.log 2>&1 || { cat npm.log; exit 2; }
bun=node_modules/.bin/bun
cat > main.mjs <<'SCRIPT'
function fail() {
  const error = new Error('a sentence');
  if (process.argv[2] === 'read') error.stack;
  throw error;
}
fail();
SCRIPT
echo "Bun $("$bun" --version)"
frames() { "$bun" main.mjs "$1" 2>&1 | grep '^ *at ' | sed "s|$PWD/||"; }
unread=$(frames untouched || true)
read=$(frames read || true)
printf 'stack untouched:\n%s\nstack read:\n%s\n' "$unread" "$read"
[ "$(echo "$unread" | wc -l)" = 2 ]
[ "$(echo "$read" | wc -l)" = 1 ]
[[ $unread == *main.mjs:6* && $read != *main.mjs:6* ]]
