/** Like `render`, which must be pure, but knows its last text again: rows that follow each other mostly say the same. */
export function remembering(render: (text: string) => string): (text: string) => string {
  let last = '';
  let rendered = render(last);
  return (text) => {
    if (text !== last) {
      rendered = render(text);
      last = text;
    }
    return rendered;
  };
}
