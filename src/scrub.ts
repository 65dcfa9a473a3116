/** Takes a secret out of every text that leaves the process: by value, wherever it stands. */
export type Scrub = (text: string) => string;

const SHOWN_INSTEAD = '[API key]';

/** For texts that cannot hold a secret, because none is known yet. */
export const scrubNothing: Scrub = (text) => text;

/**
 * A function that replaces `secret`, its base64 and base64url forms (at every alignment, as inside `user:key`), its
 * URL-encoded and its JSON-escaped form. Apply it before a text is cut, or half a key may stay.
 */
export function scrubberFor(secret: string): Scrub {
  const forms = new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  for (const form of base64Forms(secret)) forms.add(form);
  // Longest first, so that a form that contains another is replaced whole.
  const ordered = [...forms].filter((form) => form.length >= 4).toSorted((a, b) => b.length - a.length);
  return (text) => {
    let scrubbed = text;
    for (const form of ordered) {
      if (scrubbed.includes(form)) scrubbed = scrubbed.replaceAll(form, SHOWN_INSTEAD);
    }
    return scrubbed;
  };
}

/** The characters of the base64 text that depend on the secret alone, for each of the three alignments. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const forms = [bytes.toString('base64'), bytes.toString('base64url')];
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const start = Math.ceil((before * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    forms.push(padded.toString('base64').slice(start, end), padded.toString('base64url').slice(start, end));
  }
  return forms;
}
