import { styleText } from 'node:util';
import { scrubberFor, type Scrub } from '../scrub.ts';

/** Undelivered text for people beyond this is dropped: a reader that stalls must not fill our memory. */
const LARGEST_BACKLOG_BYTES = 1_048_576;
/** A shorter text cannot be a key (`checkKey`), and replacing it would mangle innocent output. */
const SHORTEST_KEY = 8;

export type Style = Parameters<typeof styleText>[0];
/** Colours a text where its reader has colours. */
export type Paint = (style: Style, text: string) => string;

export const paintNothing: Paint = (_style, text) => text;

/** The streams of a process, as far as a terminal needs them. */
export interface Streams {
  readonly stdin: { readonly isTTY?: boolean | undefined };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Where texts leave the process: data on stdout, words for people and logs on stderr. Every text is scrubbed of the
 * key. A closed or stalled stream swallows what is written to it and changes nothing else.
 */
export interface Terminal {
  /** Somebody can be asked: standard input and stderr are both terminals. */
  readonly isInteractive: boolean;
  readonly stderrIsTerminal: boolean;
  /** The width for words. */
  readonly columns: number;
  /** The width for data: without limit where no terminal shows it. */
  readonly dataColumns: number;
  readonly paintData: Paint;
  readonly paintWords: Paint;
  /** From here on this secret leaves the process in no text. */
  protect(secret: string | undefined): void;
  /** What was protected is no secret after all. */
  reveal(known: string): void;
  readonly scrub: Scrub;
  /** Data on stdout, ended with a newline. */
  print(text: string): void;
  /** Lines for people on stderr. */
  say(text: string): void;
  /** The one line that is redrawn in place below what was said; empty takes it away. Only where stderr is a terminal. */
  showStatus(line: string): void;
}

export function createTerminal(streams: Streams): Terminal {
  const { stdin, stdout, stderr } = streams;
  const scrubs = new Map<string, Scrub>();
  const scrub: Scrub = (text) => [...scrubs.values()].reduce((scrubbed, each) => each(scrubbed), text);
  let status = '';
  const writeData = writerFor(stdout);
  const writeWords = writerFor(stderr);
  const stderrIsTerminal = stderr.isTTY;
  return {
    isInteractive: stdin.isTTY === true && stderrIsTerminal,
    stderrIsTerminal,
    columns: widthOf(stderr) ?? widthOf(stdout) ?? 100,
    dataColumns: widthOf(stdout) ?? Infinity,
    paintData: paintFor(stdout),
    paintWords: paintFor(stderr),
    protect(secret) {
      if (secret === undefined || secret.length < SHORTEST_KEY) return;
      scrubs.set(secret, scrubberFor(secret));
    },
    reveal(known) {
      scrubs.delete(known);
    },
    scrub,
    print(text) {
      writeData(`${scrub(text)}\n`);
    },
    say(text) {
      if (stderr.writableLength > LARGEST_BACKLOG_BYTES) return;
      const clear = status === '' ? '' : '\r\u001B[2K';
      writeWords(`${clear}${scrub(text)}\n${status}`);
    },
    showStatus(line) {
      if (!stderrIsTerminal || (line === '' && status === '')) return;
      status = scrub(line);
      writeWords(`\r\u001B[2K${status}`);
    },
  };
}

/** The columns of a terminal; one of unknown width says 0. */
function widthOf(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
}

/** Writes until the stream fails for the first time (EPIPE, EIO …), and then swallows. */
function writerFor(stream: NodeJS.WriteStream): (text: string) => void {
  let isClosed = false;
  stream.on('error', () => {
    isClosed = true;
  });
  return (text) => {
    if (!isClosed && !stream.destroyed) stream.write(text);
  };
}

function paintFor(stream: NodeJS.WriteStream): Paint {
  // `validateStream` looks at isTTY, NO_COLOR and FORCE_COLOR.
  return (style, text) => styleText(style, text, { stream, validateStream: true });
}
