export interface Span {
  readonly text: string;
  readonly classes: string;
}

/** SGR colour codes → the classes of `log.css`; magenta, cyan and blue share one. */
const COLOURS: Readonly<Record<number, string>> = {
  31: 'a1',
  32: 'a2',
  33: 'a3',
  34: 'a4',
  35: 'a4',
  36: 'a4',
  90: 'a8',
  91: 'a1',
  92: 'a2',
  93: 'a3',
  94: 'a4',
  95: 'a4',
  96: 'a4',
};

const CONTROL =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /\u001B\[([0-9;]*)([A-Za-z])|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[\u0000-\u0008\u000B-\u001A\u001C-\u001F]/g;

interface Style {
  readonly colour: string;
  readonly bold: string;
}
const PLAIN: Style = { colour: '', bold: '' };

/** Colours and bold become classes (no inline style, so that the CSP and both themes hold); every other control sequence is dropped. */
export function parseAnsi(line: string): Span[] {
  const visible = afterCarriageReturn(line);
  const spans: Span[] = [];
  let from = 0;
  let style = PLAIN;
  const cut = (to: number) => {
    if (to > from) spans.push({ text: visible.slice(from, to), classes: `${style.colour} ${style.bold}`.trim() });
  };
  for (const match of visible.matchAll(CONTROL)) {
    cut(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') style = restyle(style, match[1] ?? '');
  }
  cut(visible.length);
  return spans;
}

function restyle(style: Style, codes: string): Style {
  let { colour, bold } = style;
  for (const code of (codes || '0').split(';').map(Number)) {
    if (code === 0) ({ colour, bold } = PLAIN);
    else if (code === 1) bold = 'ab';
    else if (code === 22) bold = '';
    else if (code === 39) colour = '';
    else colour = COLOURS[code] ?? colour;
  }
  return { colour, bold };
}

/** A progress bar rewrites its line: what a terminal would still show is what follows the last return. */
function afterCarriageReturn(line: string): string {
  const kept = line.endsWith('\r') ? line.slice(0, -1) : line;
  return kept.slice(kept.lastIndexOf('\r') + 1);
}
