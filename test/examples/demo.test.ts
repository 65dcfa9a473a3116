import { expect, test } from 'vitest';
import { runExample } from './run-example.ts';

const OUTCOMES_SHOWN = {
  '1ee1c95345': 'deleted',
  b765f5934a: 'deleted',
  '050fb71163': 'deleted',
  '7847653acc': 'deleted',
  eaea8a8b59: 'deleted_inferred',
  '387a0f17c5': 'rejected',
  '7fe5c79cd9': 'deleted',
  '0123456789': 'not_found',
  r0f621e0f200: 'deleted',
  r2a85686566d: 'deleted',
  c15865bc9c: 'skipped',
};

test('the demo shows the common outcomes, and what it calls deleted is what the sandbox really deleted', async () => {
  const { code, text } = await runExample('examples/first-purge/demo.ts');
  expect(code, text).toBe(0);
  const [, , results = '', truth = ''] = text.split(/^\d\. /m).slice(1);

  const rows = [...results.matchAll(/^ +(video|replica) +(\S+) +(soft|hard) +(\S+)/gm)];
  expect(Object.fromEntries(rows.map(([, , id, , outcome]) => [id, outcome]))).toEqual(OUTCOMES_SHOWN);
  expect(rows).toHaveLength(Object.keys(OUTCOMES_SHOWN).length);

  const deleted = rows.filter(([, , , , outcome]) => outcome?.startsWith('deleted'));
  const really = [...truth.matchAll(/^ +(video|replica) +(\S+) +(soft|hard)/gm)];
  expect(really.map(([, ...cells]) => cells.join(' ')).toSorted()).toEqual(
    deleted.map(([, kind, id, mode]) => `${kind} ${id} ${mode}`).toSorted(),
  );
  expect(text).toContain('Exit code 3');
});
