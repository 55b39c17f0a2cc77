const time = (ms) => (ms === undefined ? '' : ms < 10 ? ms.toFixed(2) : ms.toFixed(0));

/** The results as a table that Markdown reads, too. */
export function table(rows) {
  const cells = rows.map(({ name, failed, skipped, hash, coldMs, warmMs, variant, note }) => [
    name,
    hash?.slice(0, 16) ?? '',
    time(coldMs),
    time(warmMs),
    variant ?? '',
    failed ? 'FAILED' : skipped ? `skipped: ${skipped}` : (note ?? ''),
  ]);
  const all = [['platform', 'SHA-256', 'cold ms', 'warm ms', 'variant', ''], ...cells];
  const widths = all[0].map((_, i) => Math.max(3, ...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => (i === 2 || i === 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 2 || i === 3 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(all[0]), rule, ...cells.map(line)].join('\n');
}
