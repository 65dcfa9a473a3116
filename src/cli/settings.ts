import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { ConfigEntry } from './config-file.ts';
import { nearest } from '../did-you-mean.ts';
import { isSecretName, shownValue } from '../key-like.ts';
import {
  environmentName,
  kebabName,
  OPTION_NAMES,
  optionSpec,
  type OptionName,
  type Values,
} from './options.ts';
import type { Environment } from './state-dir.ts';

/** Where a setting comes from. */
interface Origin {
  readonly from: 'flag' | 'environment' | 'config file' | 'default';
  /** `--rate`, `TAVUS_PURGE_RATE`, `purge.yaml:3:7`; empty for a default. */
  readonly where: string;
}

/** One option's texts, as they would be typed, with their origin; none for an option that has no default. */
interface Setting {
  readonly texts: readonly string[];
  readonly origins: readonly Origin[];
}

export interface Settings {
  readonly values: Values;
  readonly settings: Readonly<Record<OptionName, Setting>>;
}

/** Flags as they were typed: the texts of each. */
export type GivenFlags = ReadonlyMap<OptionName, readonly string[]>;

/** Whether the operator said this anywhere, in a flag, the environment or a config file. */
export function isGiven(settings: Settings, name: OptionName): boolean {
  return settings.settings[name].origins.some((origin) => origin.from !== 'default');
}

/** Whether the operator said this on this command line. */
export function isFlag(settings: Settings, name: OptionName): boolean {
  return settings.settings[name].origins.some((origin) => origin.from === 'flag');
}

/**
 * Every option's value: flag before environment before config file before default; hold files add up instead, so that
 * none is lost. Throws a `usage` PurgeError for a wrong value and for an unknown `TAVUS_PURGE_` variable (a typo).
 */
export async function resolveSettings(flags: GivenFlags, env: Environment): Promise<Settings> {
  refuseUnknownVariables(env);
  const fromEnv = environmentTexts(env);
  const configFile = flags.get('config')?.[0] ?? fromEnv.get('config')?.[0];
  const config = configFile === undefined ? [] : await readConfig(configFile);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one entry for each name of the table
  const settings = Object.fromEntries(
    OPTION_NAMES.map((name) => [name, settingOf(name, { flags, fromEnv, config })]),
  ) as Record<OptionName, Setting>;
  const values = Object.fromEntries(OPTION_NAMES.map((name) => [name, valueOf(name, settings[name])]));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value was made by the parser of its own row
  return { settings, values: values as unknown as Values };
}

/** Its reader is loaded when there is a file. */
async function readConfig(file: string): Promise<readonly ConfigEntry[]> {
  return (await import('./config-file.ts')).readConfigFile(file);
}

function refuseUnknownVariables(env: Environment): void {
  const known = OPTION_NAMES.map((name) => environmentName(name));
  for (const variable of Object.keys(env)) {
    if (!/^tavus_purge_/i.test(variable) || known.includes(variable)) continue;
    if (isSecretName(variable.slice('TAVUS_PURGE_'.length))) {
      throw new PurgeError('usage', `The variable ${printable(variable, 80)} is not read.`, {
        next: 'the API key belongs into TAVUS_API_KEY',
      });
    }
    const near = nearest(variable.toUpperCase(), known);
    throw new PurgeError('usage', `The variable ${printable(variable, 80)} is no option of tavus-purge.`, {
      next: near === undefined ? 'unset it; tavus-purge doctor lists what is read' : `did you mean ${near}?`,
    });
  }
}

function environmentTexts(env: Environment): GivenFlags {
  const given = new Map<OptionName, readonly string[]>();
  for (const name of OPTION_NAMES) {
    const variable = environmentName(name);
    const text = env[variable];
    if (text === undefined) continue;
    if (text === '') {
      throw new PurgeError('usage', `${variable} is set but empty.`, {
        next: `unset ${variable}, or give it a value`,
      });
    }
    const checked = optionSpec(name).check(text);
    if (!checked.ok) {
      throw new PurgeError(
        'usage',
        `${variable} ${shownValue(text)} is not right: expected ${checked.expected}.`,
        {
          next: `correct ${variable}, or unset it`,
        },
      );
    }
    given.set(name, [text]);
  }
  return given;
}

function settingOf(
  name: OptionName,
  given: {
    readonly flags: GivenFlags;
    readonly fromEnv: GivenFlags;
    readonly config: readonly ConfigEntry[];
  },
): Setting {
  const layers: { readonly texts: readonly string[]; readonly origin: Origin }[] = [];
  const typed = given.flags.get(name);
  if (typed) layers.push({ texts: typed, origin: { from: 'flag', where: `--${kebabName(name)}` } });
  const fromEnv = given.fromEnv.get(name);
  if (fromEnv) layers.push({ texts: fromEnv, origin: { from: 'environment', where: environmentName(name) } });
  const inFile = given.config.find((entry) => entry.name === name);
  if (inFile) layers.push({ texts: inFile.texts, origin: { from: 'config file', where: inFile.where } });
  const used = optionSpec(name).addsUp ? layers : layers.slice(0, 1);
  if (used.length > 0) {
    return { texts: used.flatMap((layer) => layer.texts), origins: used.map((layer) => layer.origin) };
  }
  const { fallback } = optionSpec(name);
  return { texts: fallback === null ? [] : [fallback], origins: [{ from: 'default', where: '' }] };
}

function valueOf(name: OptionName, setting: Setting): unknown {
  const value = optionSpec(name).read(setting.texts);
  if (value.ok) return value.value;
  throw new PurgeError('usage', `--${kebabName(name)} is not right: expected ${value.expected}.`, {
    next: 'tavus-purge doctor shows where each setting comes from',
  });
}
