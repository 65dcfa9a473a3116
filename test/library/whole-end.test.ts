import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT_CODES, type ExitCode } from '../../src/errors.ts';
import { worstExitCode } from '../../src/exit-code.ts';
import { wholeEnd, type WorkFacts } from '../../src/library/job/whole-end.ts';
import type { WorkEnd } from '../../src/library/job/work-end.ts';

const FACTS: WorkFacts = {
  onEmpty: 'ok',
  isEmpty: false,
  sent: 5,
  moved: 0,
  stayed: 0,
  planCommand: 'tavus-purge job plan a.yaml',
};

const { ok, partial, interrupted, stopped } = EXIT_CODES;
const end = (exitCode: ExitCode, why: string): WorkEnd => ({
  exitCode,
  why,
  next: exitCode === ok ? null : `mend ${why}`,
});

test('a run that is not fine is told, whether it came before or after one that is', () => {
  const [fine, bad] = [end(ok, 'fine.'), end(partial, 'bad.')];
  expect(wholeEnd([fine, bad], FACTS)).toEqual(bad);
  expect(wholeEnd([bad, fine], FACTS)).toEqual(bad);
  expect(wholeEnd([fine, fine], FACTS).why).toBe('fine. Then: fine.');
});

test('the worst of all runs decides the exit code, and manifests that were refused never make it better', () => {
  const code = fc.constantFrom<ExitCode>(ok, partial, interrupted, stopped);
  const facts = fc.record({
    moved: fc.nat({ max: 2 }),
    stayed: fc.nat({ max: 2 }),
    sent: fc.nat({ max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(code, { minLength: 1, maxLength: 3 }), facts, (codes, some) => {
      const whole = wholeEnd(
        codes.map((exitCode) => end(exitCode, `${exitCode}.`)),
        { ...FACTS, ...some },
      );
      const worst = worstExitCode(...codes);
      const rejected = some.sent === 0 ? EXIT_CODES.usage : partial;
      const isRejected = some.moved + some.stayed > 0;
      expect(whole.exitCode).toBe(worst === ok && isRejected ? rejected : worst);
      expect(whole.next === null).toBe(whole.exitCode === ok);
    }),
  );
});
