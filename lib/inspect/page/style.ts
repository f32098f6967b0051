/** The style of the page: light and dark, for phones and desktops. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --soft: #57606a; --paper: #f3f4f6; --card: #fff; --line: #d3d8de; --edge: #6b7480;
  --accent: #0b5cad; --on-accent: #fff; --code: #f3f4f6;
  --good: #14682c; --good-paper: #e7f6ec; --bad: #a81d14; --bad-paper: #fdecea; --open: #7a4f00; --open-paper: #fff4dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed; --soft: #a7b0ba; --paper: #121518; --card: #1c2024; --line: #363d45; --edge: #8a949f;
    --accent: #7db8f5; --on-accent: #0a1826; --code: #14181b;
    --good: #7ddb9b; --good-paper: #15291c; --bad: #ff9c91; --bad-paper: #37201d; --open: #f2c261; --open-paper: #2f2612;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 76rem;
  background: var(--paper); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1, h2, h3, p, dl, dd, ol, pre, fieldset { margin: 0; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.05rem; }
h3 { font-size: 0.95rem; }
header { margin-bottom: 1rem; }
[hidden] { display: none !important; }
.quiet, dt { color: var(--soft); }
.quiet { font-size: 0.9rem; }
code, pre, textarea, .value { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code, pre, .value { font-size: 0.875rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.card {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.7rem; align-content: start; min-width: 0;
  margin: 0 0 1rem; padding: 1rem 1.15rem; border: 1px solid var(--line); border-radius: 0.7rem; background: var(--card);
}
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 0.9rem; }
.apart { justify-content: space-between; }
label[for], legend { font-weight: 600; }
legend { float: left; }
textarea {
  width: 100%; padding: 0.6rem 0.75rem; border: 1px solid var(--edge); border-radius: 0.45rem;
  background: var(--card); color: var(--text); font-size: 0.9rem; resize: vertical;
}
button {
  min-height: 2.6rem; padding: 0.3rem 0.95rem; border: 1px solid var(--edge); border-radius: 0.45rem;
  background: var(--card); color: var(--text); font: inherit; cursor: pointer;
}
button:hover { border-color: var(--accent); color: var(--accent); }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
.primary:hover { color: var(--on-accent); filter: brightness(1.08); }
#verdict-title:focus { outline: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: inherit; text-underline-offset: 0.15em; }
.names { overflow-wrap: anywhere; }
#choices { display: flex; flex-wrap: wrap; gap: 0.5rem; clear: both; }
#choices label {
  display: flex; align-items: baseline; gap: 0.5rem; min-width: 0; padding: 0.45rem 0.8rem; border: 1px solid var(--line);
  border-radius: 0.45rem; overflow-wrap: anywhere; cursor: pointer;
}
#choices label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
#status:empty { display: none; }
#status { margin-bottom: 0.7rem; }
#problem { border-color: var(--bad); background: var(--bad-paper); color: var(--bad); }
.good { --tone: var(--good); --tone-paper: var(--good-paper); }
.bad { --tone: var(--bad); --tone-paper: var(--bad-paper); }
.open, .doubt { --tone: var(--open); --tone-paper: var(--open-paper); }
.sign, .word { color: var(--tone); font-weight: 700; }
#verdict {
  display: grid; gap: 0.9rem; margin-bottom: 1rem; padding: 1.3rem 1.4rem; scroll-margin-top: 1rem;
  border: 1px solid var(--tone); border-left-width: 0.55rem; border-radius: 0.7rem; background: var(--tone-paper);
}
#verdict h2 { font-size: clamp(1.4rem, 5vw, 1.9rem); line-height: 1.2; color: var(--tone); overflow-wrap: anywhere; }
.fix { font-size: 1.1rem; overflow-wrap: anywhere; max-width: 62rem; }
.fix b { display: block; font-size: 0.9rem; color: var(--tone); }
.pair { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.2rem 0.9rem; align-items: baseline; }
#verdict .value { font-size: 1rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 1rem; }
.column { min-width: 0; }
@media (min-width: 60rem) { .columns { grid-template-columns: minmax(0, 11fr) minmax(0, 9fr); align-items: start; } }
#checks { display: grid; padding: 0; list-style: none; }
#checks li {
  display: grid; grid-template-columns: 1.3rem minmax(0, 1fr); gap: 0.15rem 0.5rem; padding: 0.5rem 0; scroll-margin-top: 1rem;
  border-top: 1px solid var(--line);
}
#checks li:first-child { border-top: 0; }
#checks li > :not(.sign) { grid-column: 2; }
#checks .top { display: flex; flex-wrap: wrap; gap: 0 0.7rem; align-items: baseline; }
#checks .top > span:not([class]) { flex: 1 1 10rem; }
#checks .top .value { color: var(--soft); }
#checks .top h3 { min-width: 8.4rem; }
#checks .word { font-size: 0.85rem; margin-left: auto; }
#checks li:not(.good) {
  margin: 0.25rem -0.6rem; padding: 0.65rem 0.6rem; border: 1px solid var(--tone); border-radius: 0.5rem; background: var(--tone-paper);
}
#checks .pair { margin-top: 0.2rem; }
.code { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.1rem 0.7rem; }
.code strong { font-size: 1.5rem; line-height: 1.2; color: var(--tone); }
pre { padding: 0.65rem 0.75rem; border-radius: 0.45rem; background: var(--code); border: 1px solid var(--line); }
#answer, #user { display: grid; gap: 0.6rem; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 0.4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: baseline; overflow-wrap: anywhere; }
tr:first-child > * { border-top: 0; }
td time { display: block; }
td { width: 70%; }
th { width: 30%; padding-right: 0.7rem; font-weight: 600; }
td p { font-size: 0.9rem; }
td p, td a { color: var(--tone, var(--soft)); }
.remedy { font-weight: 600; overflow-wrap: anywhere; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { #verdict { animation: in 0.15s ease-out; } }
@keyframes in { from { opacity: 0; transform: translateY(0.3rem); } }
`
