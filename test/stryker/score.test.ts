import { expect, test } from 'vitest';
import { judge } from './score.ts';

const at = { start: { line: 3, column: 5 } };

test('a change that no test noticed is a failure with its place, and so is one that no test met or could judge', () => {
  const { figures, failures } = judge({
    files: {
      'src/a.ts': {
        mutants: [
          { status: 'Killed', mutatorName: 'EqualityOperator', replacement: 'x', location: at },
          { status: 'Survived', mutatorName: 'BlockStatement', replacement: '{\n}', location: at },
          { status: 'NoCoverage', mutatorName: 'Regex', replacement: '/a/', location: at },
        ],
      },
      'src/b.ts': {
        mutants: [
          { status: 'Timeout', mutatorName: 'CallExpression', replacement: ';', location: at },
          { status: 'RuntimeError', mutatorName: 'CallExpression', replacement: ';', location: at },
          { status: 'Ignored', mutatorName: 'CallExpression', replacement: ';', location: at },
        ],
      },
    },
  });
  expect(failures).toEqual([
    'src/a.ts:3:5 BlockStatement Survived: { }',
    'src/a.ts:3:5 Regex NoCoverage: /a/',
    'src/b.ts:3:5 CallExpression RuntimeError: ;',
    'src/b.ts:3:5 CallExpression Ignored: ;',
  ]);
  expect(figures).toBe('6 mutants, 1 of them noticed by a time-out; a.ts 33.3 % of 3, b.ts 33.3 % of 3');
});

test('a run that changed nothing proves nothing', () => {
  expect(judge({ files: {} }).failures).toEqual(['asleep: nothing was mutated']);
});
