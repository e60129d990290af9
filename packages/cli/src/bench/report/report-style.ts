/** How a report looks, in light and in dark. Nothing is fetched: fonts are those of the system. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2128; --soft: #656d76; --line: #d8dee4; --pale: #f3f5f7;
  --c1: #0b62c4; --c2: #c2570c; --c3: #6e7781; --c4: #7a3fc4; --good: #1a7f37; --warning: #9a6700; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1419; --ink: #e6edf3; --soft: #9198a1; --line: #2f3740; --pale: #181f27;
  --c1: #58a6ff; --c2: #f0883e; --c3: #8b949e; --c4: #bc8cff; --good: #3fb950; --warning: #d29922; --bad: #f85149; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .4rem; text-wrap: balance; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
p { margin: .2rem 0; }
small, .soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; }
.card { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.card b { display: block; font-size: 1.3rem; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
ul.verdicts { list-style: none; padding: 0; margin: 1rem 0; }
ul.verdicts li { padding: .35rem .75rem; border-left: 3px solid var(--soft); margin: .35rem 0; background: var(--pale);
  overflow-wrap: anywhere; }
ul.verdicts .good { border-color: var(--good); } ul.verdicts .warning { border-color: var(--warning); }
ul.verdicts .bad { border-color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); } th:first-child, td:first-child { text-align: left; }
table.setup td { text-align: left; white-space: normal; overflow-wrap: anywhere; } table.setup td:first-child { color: var(--soft);
  white-space: nowrap; width: 9rem; }
td.better { color: var(--good); } td.worse { color: var(--bad); }
figure { margin: 1.75rem 0 0; }
figcaption { display: flex; flex-wrap: wrap; gap: .15rem .6rem; align-items: baseline; }
.legend { margin-left: auto; display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; }
.key::before { content: ''; display: inline-block; width: 1.2rem; margin-right: .4rem; vertical-align: .25em;
  border-top: 2px solid var(--c); }
.key.dashed::before { border-top-style: dashed; }
.c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); } .c4 { --c: var(--c4); }
svg { display: block; width: 100%; height: auto; margin-top: .4rem; }
svg text { font: 11.5px system-ui, sans-serif; fill: var(--soft); } svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; } .pale { fill: var(--pale); }
.line { fill: none; stroke: var(--c); stroke-width: 1.75; stroke-linejoin: round; } circle.line { fill: var(--c); }
.line.dashed { stroke-dasharray: 5 4; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 34rem) { body { padding: 1.25rem 1rem; } th, td { padding: .25rem .3rem; font-size: .85rem; }
  svg text { font-size: 19px; } }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
`;
