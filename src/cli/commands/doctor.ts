import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { EXIT_CODES, messageOf, PurgeError, rethrowBug } from '../../errors.ts';
import { printableJson } from '../../printable.ts';
import { checkTlsEnvironment, keyFingerprint } from '../../tavus/target.ts';
import { findKey, type FoundKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../../durations.ts';
import { counted, formatCount } from '../../numbers.ts';
import { probeTarget } from '../probe-target.ts';
import { renderDoctor, shownSettings, type Finding } from '../render-doctor.ts';

const LEAST_FREE_BYTES = 100 * 1024 * 1024;
/** Beyond this, a Retry-After date and the age of a plan are judged wrongly. */
const MOST_SKEW_MS = 60_000;

/** `doctor`: looks at everything a purge depends on; sends one GET, never a DELETE. Exit 2 when there is a problem. */
export async function runDoctor(context: CommandContext): Promise<number> {
  const { terminal, settings, stateDir } = context;
  const { key, finding } = examineKey(context);
  const findings = [
    nodeFinding(),
    finding,
    tlsFinding(context),
    ...(await targetFindings(context, key)),
    ...folderFindings(stateDir),
    ...(await holdFindings(context)),
  ];
  const shown = shownSettings(settings, stateDir);
  const problems = findings.filter(({ state }) => state === 'problem');
  const report = { findings, settings: shown };
  terminal.print(
    settings.values.json ? printableJson(report, 2) : renderDoctor(findings, shown, terminal.paintData),
  );
  if (problems.length === 0) return EXIT_CODES.ok;
  throw new PurgeError('usage', `${problems.map(({ about }) => about).join(', ')}: see above.`, {
    next: 'mend what is marked PROBLEM, then tavus-purge doctor',
  });
}

function nodeFinding(): Finding {
  return { about: 'Node', state: 'fine', what: process.version };
}

function examineKey(context: CommandContext): {
  readonly key: string | undefined;
  readonly finding: Finding;
} {
  const about = 'API key';
  let found: FoundKey | undefined;
  try {
    found = findKey(context.settings, context.env);
  } catch (error) {
    rethrowBug(error);
    return { key: undefined, finding: { about, state: 'problem', what: error.message } };
  }
  if (found === undefined) {
    const what = 'none; plan works without, apply needs TAVUS_API_KEY or --api-key-file';
    return { key: undefined, finding: { about, state: 'note', what } };
  }
  context.terminal.protect(found.key);
  const what = `from ${found.source}, fingerprint ${keyFingerprint(found.key)}`;
  return { key: found.key, finding: { about, state: 'fine', what } };
}

function tlsFinding({ env }: CommandContext): Finding {
  try {
    checkTlsEnvironment(env);
    return { about: 'TLS', state: 'fine', what: 'certificates are verified' };
  } catch (error) {
    return { about: 'TLS', state: 'problem', what: messageOf(error) };
  }
}

async function targetFindings(context: CommandContext, key: string | undefined): Promise<readonly Finding[]> {
  const { baseUrl } = context.settings.values;
  const probe = await probeTarget(baseUrl, { key, signal: context.stop, now: Date.now });
  if (!probe.answered) {
    return [{ about: 'target', state: 'problem', what: `${baseUrl} does not answer: ${probe.why}` }];
  }
  const isRefused = probe.status === 401 || probe.status === 403;
  // Without a key a refusal is what the API should say.
  const isFine = probe.isAccepted || (key === undefined && isRefused);
  const how = key === undefined ? 'without a key' : 'with this key';
  const what =
    key !== undefined && isRefused
      ? `${baseUrl} refuses this key (${probe.status} to one GET); is it valid, and one of this API?`
      : `${baseUrl} answers ${probe.status} to one GET ${how}${isFine ? '' : '; is this the API?'}`;
  return [{ about: 'target', state: isFine ? 'fine' : 'problem', what }, clockFinding(probe.skewMs)];
}

/** Reads the hold files that plan and apply would read from the environment and the config file. */
async function holdFindings({ settings }: CommandContext): Promise<readonly Finding[]> {
  // The readers of manifests are not loaded for nothing.
  if (settings.values.hold.length === 0) return [];
  const { openHolds } = await import('../../manifest/hold-files.ts');
  const about = 'hold file';
  return Promise.all(
    settings.values.hold.map(async (file): Promise<Finding> => {
      try {
        const [held] = (await openHolds([file], { now: Date.now })).summaries();
        const entries = counted(held?.entries ?? 0, 'entry', 'entries');
        return { about, state: 'fine', what: `${file}, ${entries}` };
      } catch (error) {
        rethrowBug(error);
        return { about, state: 'problem', what: [error.message, ...error.details.slice(0, 1)].join(' ') };
      }
    }),
  );
}

function clockFinding(skewMs: number | null): Finding {
  const about = 'clock';
  if (skewMs === null) return { about, state: 'note', what: 'the target does not say its time' };
  const amount = Math.abs(skewMs);
  if (amount < 2000) return { about, state: 'fine', what: 'agrees with the target to about a second' };
  const what = `is ${formatDuration(amount)} ${skewMs > 0 ? 'behind' : 'ahead of'} the target's`;
  return { about, state: amount > MOST_SKEW_MS ? 'problem' : 'note', what };
}

/** Looks at the nearest folder that exists: `doctor` makes none. */
function folderFindings(stateDir: string): readonly Finding[] {
  let folder = path.resolve(stateDir);
  while (!existsSync(folder) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  const about = 'state folder';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [{ about, state: 'problem', what: `${stateDir} cannot be written` }];
  }
  const disk = statfsSync(folder);
  const freeBytes = disk.bavail * disk.bsize;
  const isNew = folder === path.resolve(stateDir) ? '' : ' (will be created)';
  return [
    { about, state: 'fine', what: `${stateDir} can be written${isNew}` },
    {
      about: 'free disk',
      state: freeBytes < LEAST_FREE_BYTES ? 'problem' : 'fine',
      what: `${formatCount(Math.floor(freeBytes / 1024 / 1024))} MiB`,
    },
  ];
}
