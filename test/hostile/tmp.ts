import { mkdtempSync, rmSync } from 'node:fs';
import { judgeCorpus } from './judge.ts';
const f = mkdtempSync(`${process.argv[2]}/corpus-`);
const c = process.cpuUsage(); const t = performance.now();
const r = await judgeCorpus(f);
const d = process.cpuUsage(c);
console.log(r.files, r.wrong, Math.round(performance.now() - t), d.user / 1000, d.system / 1000);
rmSync(f, { recursive: true });
