/** Runs in a copy of the tree that holds a planted bug: looks for the first seed that shows it, and prints it. */
import { simulate } from './simulate.ts';

const most = Number(process.argv[2]);
const known = Number(process.argv[3] ?? 0);
/** The seed that showed it before comes first: that is usually all it takes. */
const seeds = [...(known > 0 ? [known] : []), ...Array.from({ length: most }, (_, index) => index + 1)];

for (const seed of seeds) {
  const [violation] = (await simulate(seed)).violations;
  if (violation === undefined) continue;
  console.log(JSON.stringify({ seed, violation: violation.split('\n')[0] }));
  break;
}
