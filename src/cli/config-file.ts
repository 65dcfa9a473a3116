import path from 'node:path';
import type { Pair } from 'yaml';
import { nearest } from '../did-you-mean.ts';
import { isSecretName, looksLikeKey, shownName, shownValue } from '../key-like.ts';
import { openYaml, refuseFile, type SettingsFile } from '../settings-file.ts';
import { kebabName, optionNamed, OPTION_NAMES, optionSpec, type OptionName } from './options.ts';

/** One option in a config file: its texts, as they would be typed, and where it stands. */
export interface ConfigEntry {
  readonly name: OptionName;
  readonly texts: readonly string[];
  /** `file.yaml:3:7`. */
  readonly where: string;
}

/**
 * The options of a YAML config file: kebab-case names, each at most once, values judged like flags; relative paths
 * start at the file's folder. Throws a `usage` PurgeError that lists every problem with `file:line:column`; anything
 * that may be an API key is refused and never repeated.
 */
export async function readConfigFile(file: string): Promise<readonly ConfigEntry[]> {
  const settingsFile: SettingsFile = {
    path: file,
    what: 'config file',
    whenUnreadable: 'check the path given to --config, and that the file is UTF-8 text',
    whenWrong: 'correct it; tavus-purge doctor --config <file> shows each setting with its origin',
  };
  const { document, placeAt, yaml } = await openYaml(settingsFile, { uniqueKeys: true });
  const root = document.contents;
  if (root === null) return [];
  if (!yaml.isMap(root)) refuseFile(settingsFile, [`${placeAt(0)} expected lines such as "rate: 5/s"`]);
  const problems: string[] = [];
  const entries: ConfigEntry[] = [];
  const reader = new EntryReader(path.dirname(file), yaml, placeAt);
  for (const pair of root.items) {
    const entry = reader.read(pair);
    if (typeof entry === 'string') problems.push(entry);
    else entries.push(entry);
  }
  if (problems.length > 0) refuseFile(settingsFile, problems);
  return entries;
}

class EntryReader {
  readonly #folder: string;
  readonly #yaml: typeof import('yaml');
  readonly #placeAt: (offset: number) => string;

  constructor(folder: string, yaml: typeof import('yaml'), placeAt: (offset: number) => string) {
    this.#folder = folder;
    this.#yaml = yaml;
    this.#placeAt = placeAt;
  }

  /** The entry, or what is wrong with it. */
  read(pair: Pair): ConfigEntry | string {
    const keyOffset = this.#offsetOf(pair.key) ?? 0;
    const where = this.#placeAt(keyOffset);
    const key = this.#scalarText(pair.key);
    if (key === undefined) return `${where} is not an option name`;
    if (isSecretName(key) || looksLikeKey(key)) {
      return `${where} looks like an API key; put the key into TAVUS_API_KEY or a file named by api-key-file`;
    }
    const name = optionNamed(key);
    if (name === undefined) return unknownName(where, key);
    if (name === 'config')
      return `${where} "config" is not an option here; a config file cannot name another one`;
    const texts = this.#texts(name, pair.value);
    const valueWhere = this.#placeAt(this.#offsetOf(pair.value) ?? keyOffset);
    if (typeof texts === 'string') return `${valueWhere} ${key}: ${texts}`;
    const spec = optionSpec(name);
    for (const text of texts) {
      // The confirmation is a digest, which looks like a key and is none.
      if (name !== 'confirm' && looksLikeKey(text)) {
        return `${valueWhere} ${key}: the value looks like an API key; keys do not belong into a config file`;
      }
      const checked = spec.check(text);
      if (!checked.ok) return `${valueWhere} ${key}: expected ${checked.expected}, found ${shownValue(text)}`;
    }
    const placed = spec.isPath ? texts.map((text) => path.resolve(this.#folder, text)) : texts;
    return { name, texts: placed, where: valueWhere };
  }

  #offsetOf(node: unknown): number | undefined {
    return this.#yaml.isNode(node) ? node.range?.[0] : undefined;
  }

  #texts(name: OptionName, value: unknown): readonly string[] | string {
    const spec = optionSpec(name);
    if (spec.shape === 'repeated' && this.#yaml.isSeq(value)) {
      const texts = value.items.map((item) => this.#scalarText(item));
      const known = texts.filter((text) => text !== undefined);
      return known.length === texts.length ? known : 'expected a list of plain values';
    }
    const text = this.#scalarText(value);
    return text === undefined || text === ''
      ? `expected one plain value${spec.shape === 'repeated' ? ' or a list' : ''}`
      : [text];
  }

  /** What stands in the file: `1e3` stays `1e3` and is judged by the option's own parser. */
  #scalarText(node: unknown): string | undefined {
    if (!this.#yaml.isScalar(node) || node.anchor !== undefined || node.tag !== undefined) return undefined;
    if (typeof node.value === 'string') return node.value;
    return node.value === null ? undefined : node.source;
  }
}

function unknownName(where: string, key: string): string {
  const near = nearest(
    key,
    OPTION_NAMES.map((name) => kebabName(name)),
  );
  return `${where} ${shownName(key)} is not an option${near === undefined ? '' : `; did you mean ${near}?`}`;
}
