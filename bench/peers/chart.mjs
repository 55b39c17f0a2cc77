// A bar chart as SVG text: one group of bars for each model, one bar for each peer; readable on light and on dark pages.

const WIDTH = 760;
const LEFT = 130;
const RIGHT = 60;
const TOP = 110;
const LEGEND = 205;
/** The width for a number beside its bar. */
const NUMBER = 34;
const BAR = 13;
const GAP = 2;
const GROUP_GAP = 16;
const AXIS = 30;

const STYLE = `
  .page { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-size: 17px; font-weight: 600 }
  .small { fill: #59636e; font-size: 12px } .grid { stroke: #d1d9e0 } .one { stroke: #1f2328; stroke-width: 1.5 }
  .bar0 { fill: #0072b2 } .bar1 { fill: #d98200 } .bar2 { fill: #6e7781 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #e6edf3 }
    .bar0 { fill: #4aa8e0 } .bar1 { fill: #f0a94a } .bar2 { fill: #8b949e }
  }`;

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);
const text = (x, y, content, attributes = '') => `<text x="${x}" y="${y}"${attributes}>${escaped(content)}</text>`;
const vertical = (x, from, to, name) => `<line class="${name}" x1="${x}" y1="${from}" x2="${x}" y2="${to}"/>`;

/**
 * @param peers labels of the bars; three at most
 * @param groups `{ label, values }`, a value for each peer, undefined where there is none
 * @param notes two lines under the title: how, where and when this was measured
 */
export function barChart({ title, notes, peers, groups }) {
  const largest = Math.max(1, ...groups.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const step = largest > 12 ? 5 : largest > 6 ? 2 : 1;
  const end = Math.ceil(largest / step) * step;
  const x = (value) => Math.round(LEFT + (value / end) * (WIDTH - LEFT - RIGHT));
  const groupHeight = peers.length * (BAR + GAP) - GAP;
  const bottom = TOP + groups.length * (groupHeight + GROUP_GAP);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    text(16, 28, title, ' class="title"'),
    ...notes.map((note, i) => text(16, 48 + i * 17, note, ' class="small"')),
  ];
  peers.forEach((label, i) => {
    const left = LEFT + i * LEGEND;
    out.push(`<rect class="bar${i}" x="${left}" y="${TOP - 31}" width="12" height="12"/>`, text(left + 18, TOP - 20, label));
  });
  // The line of 1 comes last, apart from the others.
  for (let value = 0; value <= end; value += step) {
    if (value !== 1) out.push(vertical(x(value), TOP - 8, bottom, 'grid'));
    if (value !== 1) out.push(text(x(value), bottom + 18, `×${value}`, ' class="small" text-anchor="middle"'));
  }
  groups.forEach(({ label, values }, group) => {
    const top = TOP + group * (groupHeight + GROUP_GAP);
    out.push(text(LEFT - 10, top + groupHeight / 2 + 5, label, ' text-anchor="end"'));
    values.forEach((value, i) => {
      if (value === undefined) return;
      const y = top + i * (BAR + GAP);
      out.push(`<rect class="bar${i}" x="${LEFT}" y="${y}" width="${x(value) - LEFT}" height="${BAR}"/>`);
      // Beyond the line of 1 rather than across it.
      const end = x(value) < x(1) && x(value) + NUMBER > x(1) ? x(1) : x(value);
      out.push(text(end + 5, y + BAR - 2, value.toFixed(value < 9.95 ? 2 : 1), ' class="small"'));
    });
  });
  out.push(
    vertical(x(1), TOP - 8, bottom + 4, 'one'),
    text(x(1), bottom + 18, 'Lanewise', ' class="small" text-anchor="middle"'),
    '</svg>',
  );
  return `${out.join('\n')}\n`;
}
