import { pino } from 'pino';
import { messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { openLogFile, type LogFile } from './log-file.ts';
import type { LOG_FORMATS, LOG_LEVELS } from './options.ts';
import { paintNothing, type Paint, type Terminal } from './terminal.ts';

type Level = (typeof LOG_LEVELS)[number];
type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** A log of plain facts: one message and flat fields, never an object of settings or an error. */
export interface Log {
  /** Whether debug lines are kept: making them up costs something for each of a million rows. */
  readonly hasDebug: boolean;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** From here on lines also go to `log.ndjson` of this run folder. */
  keepIn(folder: string): void;
  close(): void;
}

export interface LogOptions {
  readonly level: Level;
  readonly format: (typeof LOG_FORMATS)[number] | undefined;
  /** What of it goes to stderr; the run's file gets all. */
  readonly shows: 'all' | 'warnings' | 'nothing';
}

/**
 * Logs to stderr (short lines on a terminal, else JSON) and to the run's file (always JSON). Every line is written
 * before the call returns and scrubbed of the key at this last stage, whatever put it there.
 */
export function createLog(terminal: Terminal, options: LogOptions): Log {
  const asText = (options.format ?? (terminal.stderrIsTerminal ? 'text' : 'json')) === 'text';
  let file: LogFile | undefined;
  const toFile = {
    write(line: string): void {
      file?.write(terminal.scrub(line));
    },
  };
  const toStderr = {
    write(line: string): void {
      terminal.say(asText ? shortLine(line, terminal.paintWords) : line.trimEnd());
    },
  };
  const level = options.level;
  const stderrLevel = stderrLevelOf(options);
  const streams =
    level === 'silent'
      ? []
      : [
          { level, stream: toFile },
          ...(stderrLevel === 'silent' ? [] : [{ level: stderrLevel, stream: toStderr }]),
        ];
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.multistream(streams),
  );
  const log: Log = {
    hasDebug: logger.isLevelEnabled('debug') && streams.length > 0,
    debug: (message, fields) => {
      logger.debug(fields ?? {}, message);
    },
    info: (message, fields) => {
      logger.info(fields ?? {}, message);
    },
    warn: (message, fields) => {
      logger.warn(fields ?? {}, message);
    },
    error: (message, fields) => {
      logger.error(fields ?? {}, message);
    },
    keepIn(folder) {
      file ??= openLogFile(folder, (error) => {
        log.error(`the log file cannot be written any more; the run goes on: ${messageOf(error)}`);
      });
    },
    close: () => file?.close(),
  };
  return log;
}

function stderrLevelOf({ level, shows }: LogOptions): Level {
  if (shows === 'nothing') return 'silent';
  return shows === 'warnings' && (level === 'info' || level === 'debug') ? 'warn' : level;
}

/** `14:03:07 warn  message`, from one line of JSON; its fields are for machines. */
export function shortLine(line: string, paint: Paint = paintNothing): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- pino wrote this object a moment ago
  const { level, time, msg } = JSON.parse(line) as Record<'level' | 'time' | 'msg', string>;
  const label = level.padEnd(5);
  const shownLevel =
    level === 'error' ? paint('red', label) : level === 'warn' ? paint('yellow', label) : label;
  return [time.slice(11, 19), shownLevel, printable(msg, 1000)].join(' ');
}
