/** A YAML document as a plain value whose every part knows its place; what is no plain YAML is a problem. */
import type { Pair } from 'yaml';
import { isSecretName, looksLikeKey, shownName } from '../key-like.ts';
import { printable } from '../printable.ts';
import type { OpenedYaml } from '../settings-file.ts';

export type KeyPath = readonly (string | number)[];

/** Something that is wrong at a place of the file. */
export interface Flaw {
  readonly path: KeyPath;
  readonly offset: number;
  /** A sentence without its full stop. */
  readonly problem: string;
}

interface Part {
  readonly keyOffset: number;
  readonly offset: number;
  /** As it stands there: `1e3` and not 1000. */
  readonly source: string | undefined;
}

/** Digits, so that no reader of the file takes it for another number. */
const PLAIN_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;

/** Begins the part of a path that stands for a key that is not repeated. */
export const UNNAMED = '?';

export class PlainValue {
  readonly value: unknown;
  readonly flaws: Flaw[] = [];
  readonly #parts = new Map<string, Part>();
  readonly #yaml: OpenedYaml['yaml'];

  constructor({ document, yaml }: OpenedYaml) {
    this.#yaml = yaml;
    this.value = this.#read(document.contents, [], 0);
  }

  /** The part at this path, or `undefined` when the file has none. */
  part(path: KeyPath): Part | undefined {
    return this.#parts.get(JSON.stringify(path));
  }

  /** Where to point for this path: at the part, or at the nearest one around it. */
  offsetAt(path: KeyPath): number {
    return this.part(path)?.offset ?? this.part(path.slice(0, -1))?.keyOffset ?? 0;
  }

  /** The value at this path; `undefined` when the file has none. */
  valueAt(path: KeyPath): unknown {
    return path.reduce<unknown>((inner, part) => (isRecord(inner) ? inner[part] : undefined), this.value);
  }

  /** Whether something is known to be wrong at this path or around it. */
  isFlawed(path: KeyPath): boolean {
    const key = JSON.stringify(path).slice(0, -1);
    return this.flaws.some((flaw) => {
      const flawed = JSON.stringify(flaw.path).slice(0, -1);
      return key === flawed || (flaw.path.length > 0 && key.startsWith(`${flawed},`));
    });
  }

  #read(node: unknown, path: KeyPath, keyOffset: number): unknown {
    const { isAlias, isMap, isNode, isScalar, isSeq } = this.#yaml;
    const offset = this.#offsetOf(node, keyOffset);
    const source = isScalar(node) ? node.source : undefined;
    this.#parts.set(JSON.stringify(path), { keyOffset, offset, source });
    if (!isNode(node)) return null;
    if (isAlias(node) || node.anchor !== undefined || node.tag !== undefined) {
      return this.#flaw(
        path,
        offset,
        'anchors (&), aliases (*) and tags (!) are not read here; write it out',
      );
    }
    if (isMap(node)) {
      const entries = node.items.map((pair) => this.#entry(pair, path));
      return Object.fromEntries(entries.filter((entry) => entry !== undefined));
    }
    if (isSeq(node)) return node.items.map((item, index) => this.#read(item, [...path, index], offset));
    return this.#scalar(node.value, path, { keyOffset, offset, source });
  }

  /** Key and value, once for each key. */
  #entry(pair: Pair, path: KeyPath): readonly [string, unknown] | undefined {
    const { isScalar } = this.#yaml;
    const keyNode = pair.key;
    const offset = this.#offsetOf(keyNode, 0);
    const isPlain = isScalar(keyNode) && keyNode.anchor === undefined && keyNode.tag === undefined;
    const key = isPlain ? keyNode.source : undefined;
    // A value below a key that cannot be used is read too, so that all that is wrong with it is listed.
    const refuse = (problem: string): undefined => {
      const unnamed = [...path, `${UNNAMED}${offset}`];
      this.#flaw(unnamed, offset, problem);
      this.#read(pair.value, unnamed, offset);
    };
    if (key === undefined || key === '' || key === '__proto__') return refuse('this is not a key');
    if (isSecretName(key) || looksLikeKey(key)) {
      return refuse('looks like an API key; put the key into TAVUS_API_KEY or a file named by apiKeyFile');
    }
    const here = [...path, key];
    if (this.part(here)) return refuse(`${shownName(key)} stands twice`);
    return [key, this.#read(pair.value, here, offset)];
  }

  /** What a key without a value has is no node. */
  #offsetOf(node: unknown, otherwise: number): number {
    return this.#yaml.isNode(node) && node.range ? node.range[0] : otherwise;
  }

  #scalar(value: unknown, path: KeyPath, part: Part): unknown {
    if (typeof value === 'number' && !PLAIN_NUMBER.test(part.source ?? '')) {
      return this.#flaw(path, part.offset, `expected a number in plain digits, found ${shown(part.source)}`);
    }
    if (typeof value !== 'string') return value;
    if (looksLikeKey(value)) {
      return this.#flaw(
        path,
        part.offset,
        'the value looks like an API key; keys do not belong into a job file',
      );
    }
    if (printable(value, Infinity) !== value) {
      return this.#flaw(path, part.offset, `has a character that cannot be seen: ${shown(value)}`);
    }
    return value;
  }

  #flaw(path: KeyPath, offset: number, problem: string): null {
    this.flaws.push({ path, offset, problem });
    return null;
  }
}

/** A value of the file as it may be shown: printable, cut, and hidden when any part of it looks like a key. */
export function shown(text = ''): string {
  const isSecret = text.split(/[^A-Za-z0-9_-]+/).some((part) => looksLikeKey(part));
  return isSecret ? '(hidden: it looks like an API key)' : `"${printable(text, 80)}"`;
}

function isRecord(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}
