/** What a job file must keep over several keys, and beyond its own text. */
import { isAbsolute } from 'node:path';
import { PurgeError, rethrowBug } from '../errors.ts';
import { isSecretName, looksLikeKey } from '../key-like.ts';
import { notifyUrl, type NotifyUrlName } from './notify-url.ts';
import type { Flaw, KeyPath, PlainValue } from './plain-value.ts';

/** As `manifest/` tells a glob from a name. */
const GLOB = /[*?[{]|[!+@]\(/;

/** The rules of the program that a job file must keep and that this folder does not know. */
export interface JobChecks {
  /** The origin of a base URL. Throws a `usage` PurgeError that never shows a secret. */
  readonly parseBaseUrl: (text: string) => string;
}

/** Where the file breaks a rule; a value of a wrong type is left to the schema. `folder` is the file's own, absolute. */
export function ruleFlaws(file: PlainValue, folder: string, checks: JobChecks): readonly Flaw[] {
  const flaws: Flaw[] = [];
  const refuse = (path: KeyPath, problem: string): void => {
    flaws.push({ path, offset: file.offsetAt(path), problem });
  };
  const limits = file.valueAt(['limits']);
  const deletions = file.valueAt(['limits', 'deletions']);
  const hardDeletions = file.valueAt(['limits', 'hardDeletions']);
  if (file.valueAt(['mode']) === 'hard' && limits !== undefined && hardDeletions === undefined) {
    refuse(
      ['limits', 'hardDeletions'],
      'missing; a job with "mode: hard" says how many hard deletions it may plan',
    );
  }
  if (typeof deletions === 'number' && typeof hardDeletions === 'number' && hardDeletions > deletions) {
    refuse(
      ['limits', 'hardDeletions'],
      `expected at most limits.deletions (${deletions}), found ${hardDeletions}`,
    );
  }
  const out = file.valueAt(['out']);
  if (file.valueAt(['reports']) !== undefined && out === undefined) {
    refuse(['reports'], 'says which files go to "out", but there is no "out"');
  }
  if (typeof out === 'string' && !isAbsolute(out) && /[{}]/.test(folder)) {
    refuse(['out'], 'the folder of the job file has braces in its name; write the whole path, elsewhere');
  }
  for (const path of manifestPaths(file)) {
    const problem = manifestProblem(file.valueAt(path), folder);
    if (problem !== undefined) refuse(path, problem);
  }
  const urls = [
    [['baseUrl'], checks.parseBaseUrl],
    [['notify', 'ping'], (url: string) => checkNotifyUrl(url, 'notify.ping')],
    [['notify', 'webhook', 'url'], (url: string) => checkNotifyUrl(url, 'notify.webhook.url')],
  ] as const;
  for (const [path, check] of urls) {
    const problem = urlProblem(file.valueAt(path), check);
    if (problem !== undefined) refuse(path, problem);
  }
  return flaws;
}

function manifestPaths(file: PlainValue): readonly KeyPath[] {
  const manifests = file.valueAt(['manifests']);
  if (!Array.isArray(manifests)) return [['manifests']];
  return manifests.map((_, index) => ['manifests', index]);
}

/** A glob that would become another one when it is made absolute. */
function manifestProblem(manifest: unknown, folder: string): string | undefined {
  if (typeof manifest !== 'string' || !GLOB.test(manifest)) return undefined;
  if (/[*?[{(].*\/\.\.(?:\/|$)/.test(manifest))
    return 'expected a glob that does not go back with ".." after its first wildcard';
  if (isAbsolute(manifest) || !GLOB.test(folder)) return undefined;
  return 'the folder of the job file has a wildcard in its name; write the whole path of the glob';
}

/** What `check` says against a URL; nothing of the URL itself. */
function urlProblem(url: unknown, check: (url: string) => unknown): string | undefined {
  if (typeof url !== 'string' || url === '') return undefined;
  try {
    check(url);
    return undefined;
  } catch (error) {
    rethrowBug(error);
    const message = error.message.replace(/\.$/, '');
    return [message, error.next].filter((part) => part !== undefined).join('; ');
  }
}

/** The path of such a URL may be what gives access, and has to stand here; a key in its query has not. */
function checkNotifyUrl(text: string, name: NotifyUrlName): void {
  for (const [parameter, value] of notifyUrl(text, name).searchParams) {
    if (!isSecretName(parameter) && !looksLikeKey(value)) continue;
    throw new PurgeError('usage', `The URL of ${name} has a key in its query; it is not shown.`, {
      next: 'use a URL without one, or a notify.command that reads the key from a file',
    });
  }
}
