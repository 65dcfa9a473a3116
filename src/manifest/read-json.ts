import { PurgeError } from '../errors.ts';
import { EscapedBomCheck } from './escaped-bom.ts';
import { JsonRows, type JsonSource } from './json-rows.ts';
import { JsonError, JsonTokens } from './json-tokens.ts';
import type { RecordReader, RecordSink } from './raw-record.ts';
import { sourceError } from './source-error.ts';
import { LOOK_BACK_BYTES } from './text-scanner.ts';

const LF = 0x0a;

/** Reads a JSON list of objects or of strings, or `{"videos":[…],"replicas":[…]}`, as rows. */
export function readJson(source: JsonSource, sink: RecordSink): RecordReader {
  const { path, scanner } = source;
  const rows = new JsonRows(source, sink);
  const tokens = new JsonTokens({ scanner, start: 0, lines: false }, rows);
  const boms = new EscapedBomCheck(path, scanner);
  const orRefuse = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      // What was wrong before is what has to be put right first.
      if (error instanceof JsonError) throw rows.refusal ?? fileError(path, error);
      throw error instanceof PurgeError ? (rows.refusal ?? error) : error;
    }
  };
  return {
    write: async (chunk) => {
      orRefuse(() => {
        boms.check(chunk, tokens.lastOffset);
        tokens.write(chunk);
      });
      forget(source, tokens);
    },
    end: async () => {
      orRefuse(() => tokens.end());
      if (rows.refusal !== undefined) throw rows.refusal;
    },
    close: () => undefined,
  };
}

/** Reads NDJSON, one object a line, as rows. A line that is not JSON is a wrong row like any other. */
export function readNdjson(source: JsonSource, sink: RecordSink): RecordReader {
  const { path, scanner } = source;
  const rows = new JsonRows(source, sink);
  const tokensFrom = (start: number): JsonTokens => new JsonTokens({ scanner, start, lines: true }, rows);
  const boms = new EscapedBomCheck(path, scanner);
  let tokens = tokensFrom(0);
  let broken: JsonError | undefined;
  const orBreak = (step: () => void): void => {
    if (broken !== undefined) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      broken = error;
    }
  };
  const finishLine = (end: number): void => {
    rows.endLine(broken);
    if (broken !== undefined) tokens = tokensFrom(end);
    broken = undefined;
  };
  return {
    write: async (chunk) => {
      boms.check(chunk, tokens.lastOffset);
      const start = scanner.offset - chunk.length;
      for (let at = 0; at < chunk.length;) {
        const lineFeed = chunk.indexOf(LF, at);
        const end = lineFeed === -1 ? chunk.length : lineFeed + 1;
        const part = chunk.subarray(at, end);
        orBreak(() => tokens.write(part));
        if (lineFeed !== -1) {
          orBreak(() => tokens.endLine());
          finishLine(start + end);
        }
        at = end;
      }
      forget(source, tokens);
    },
    end: async () => {
      orBreak(() => tokens.end());
      finishLine(scanner.offset);
      if (rows.refusal !== undefined) throw rows.refusal;
    },
    close: () => undefined,
  };
}

/** No token reaches back further, so the scanner may forget what lies before. */
function forget({ scanner }: JsonSource, tokens: JsonTokens): void {
  const horizon = scanner.offset - LOOK_BACK_BYTES;
  if (horizon > tokens.lastOffset) scanner.seek(horizon);
}

function fileError(path: string, { place, problem, value, next, cause }: JsonError): PurgeError {
  return sourceError(path, place, problem, { value, next, cause });
}
