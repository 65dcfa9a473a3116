/**
 * Says whether what happened in a simulated world keeps the promises (RELIABILITY.md 1.2, I1 to I14). It knows the
 * server's own log and objects, the raw tables and the reports, and shares no code with the program.
 */
import { createHash } from 'node:crypto';
import { plannedItems, type Blame, type Evidence } from './evidence.ts';
import { judgeLives } from './oracle-lives.ts';
import { judgeReports } from './oracle-reports.ts';
import { SECRET } from './fates.ts';

/** The broken promises, each beginning with the number of its invariant. */
export function judge(evidence: Evidence): string[] {
  const violations: string[] = [];
  const blame = (violation: string): void => void violations.push(violation);
  judgePlan(evidence, blame);
  judgeWire(evidence, blame);
  judgeTexts(evidence, blame);
  judgeLives(evidence, blame);
  judgeReports(evidence, blame);
  return violations;
}

function judgePlan(evidence: Evidence, blame: Blame): void {
  const { header, run, scenario } = evidence;
  const wanted = plannedItems(evidence);
  const lines = wanted.map(({ mode, kind, id }) => `${mode}\t${kind}\t${id}\n`);
  const text = `tavus-purge-plan/1\nhttps://tavusapi.com\n${lines.join('')}`;
  const planId = createHash('sha256').update(text).digest('hex');
  if (header.planId !== planId) blame('I1: the planId is not the digest of what the manifest asks for');
  const entries = run.db.prepare('SELECT mode, kind, id FROM entry WHERE skip IS NULL ORDER BY row').all();
  const found = entries.map(({ mode, kind, id }) => `${String(mode)}\t${String(kind)}\t${String(id)}\n`);
  if (found.join('') !== lines.join('')) blame('I1: the plan is not what the manifest asks for');
  const twice = scenario.items.filter(({ listed }) => listed === 'twice').length;
  if (header.duplicates !== twice) blame(`I3: ${header.duplicates} duplicates counted, ${twice} listed`);
}

function judgeWire(evidence: Evidence, blame: Blame): void {
  const { sent, server } = evidence;
  const planned = new Map(plannedItems(evidence).map((item) => [`${item.kind} ${item.id}`, item]));
  const requests = new Map<string, number>();
  for (const { named, target, recorded } of sent) {
    const key = named === null ? '' : `${named.kind} ${named.id}`;
    const item = planned.get(key);
    if (named === null || item === undefined) {
      blame(`I1: ${target} is not in the plan`);
      continue;
    }
    if (named.mode !== item.mode) blame(`I2: ${target} was sent for a ${item.mode} deletion`);
    if (recorded.hasOutcome) blame(`I10: ${target} was sent after its durable outcome`);
    const count = (requests.get(key) ?? 0) + 1;
    requests.set(key, count);
    if (recorded.attempts < count) blame(`I4: ${target} was sent without a durable record of the attempt`);
  }
  for (const [key, state] of server.objects) {
    const item = planned.get(key);
    if (item === undefined && state !== 'live') blame(`I1: the decoy ${key} was deleted`);
    if (item?.mode === 'soft' && state === 'hard') blame(`I2: ${key} was deleted hard`);
  }
}

/** Neither the key nor anything that moves a cursor may be in a text that is kept. */
function judgeTexts({ run, reports }: Evidence, blame: Blame): void {
  const kept = run.db
    .prepare('SELECT detail FROM outcome UNION SELECT detail FROM answer UNION SELECT stop_detail FROM life')
    .all()
    .map(({ detail }) => String(detail));
  const shown = reports.flatMap(({ rows }) => rows.map(({ detail }) => detail));
  for (const text of new Set([...kept, ...shown])) {
    if (text.includes(SECRET)) blame(`I14: the key is in ${JSON.stringify(text)}`);
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (/[\u0000-\u001F\u007F-\u009F\u202A-\u202E]/.test(text)) blame(`I14: ${JSON.stringify(text)}`);
  }
}
