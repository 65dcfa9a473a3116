import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SANDBOX_API_KEY, type SandboxOptions } from '../../src/sandbox/options.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { PROGRAM, runProgram, startProgram } from './process.ts';

const CANARY = 'canary-key-7f3d9a1c5e2b';

interface Scene {
  readonly sandbox: RunningSandbox;
  readonly folder: string;
  readonly manifest: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A sandbox, a manifest of some of its videos and an environment that points there. */
async function scene(videos: number, options: SandboxOptions = {}): Promise<Scene> {
  const sandbox = await startSandbox({ videos, apiKeys: [CANARY], ...options });
  onTestFinished(() => sandbox.close());
  const folder = await temporaryFolder();
  const manifest = path.join(folder, 'old.csv');
  const rows = sandbox.examples(videos).videos.map((id) => `${id},video`);
  writeFileSync(manifest, ['id,kind', ...rows, ''].join('\n'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    XDG_STATE_HOME: path.join(folder, 'state'),
    TAVUS_BASE_URL: sandbox.url,
    TAVUS_API_KEY: CANARY,
    TAVUS_PURGE_RATE: '1000/s',
  };
  return { sandbox, folder, manifest, env };
}

interface Plan {
  readonly runId: string;
  readonly planId: string;
}

async function makePlan({ manifest, env }: Scene): Promise<Plan> {
  const { stdout } = await runProgram(['plan', manifest, '--json'], env);
  const plan: Plan = JSON.parse(stdout);
  return plan;
}

/** Every file below a folder, as bytes that may hold anything. */
function contentsOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
    path.join(folder, name),
  );
  return files.map((file) => (statSync(file).isFile() ? readFileSync(file, 'latin1') : '')).join('\n');
}

describe('plan', () => {
  test('shows what would be deleted and the command that does it, and deletes nothing', async () => {
    const at = await scene(12);
    const planned = await runProgram(['plan', at.manifest], at.env);
    expect(planned.code).toBe(0);
    expect(planned.stdout).toContain('12 videos, soft');
    expect(planned.stdout).toMatch(/tavus-purge apply \d{8}-\d{6}-[0-9a-f]{6} --confirm [0-9a-f]{12}/);
    expect(at.sandbox.requests()).toEqual([]);
    const detailed = await runProgram(['plan', at.manifest, '--detailed-exitcode', '--quiet'], at.env);
    expect(detailed).toEqual({ code: 10, stdout: '', stderr: '' });
  });

  test('over a cap is shown and refused', async () => {
    const at = await scene(3);
    const planned = await runProgram(['plan', at.manifest, '--max-deletions', '2'], at.env);
    expect(planned.code).toBe(4);
    expect(planned.stdout).toContain('refused:');
    expect(planned.stdout).not.toContain('--confirm');
    expect(planned.stderr).toContain('next: ');
  });

  test('says why entries are skipped, shows the first three and where all of them stand', async () => {
    const at = await scene(1);
    const holds = path.join(at.folder, 'keep.csv');
    const held = ['aaaaaaaaa1', 'aaaaaaaaa2', 'aaaaaaaaa3', 'aaaaaaaaa4'];
    writeFileSync(holds, `id,reason\n${held.map((id) => `${id},court order`).join('\n')}\n`);
    writeFileSync(at.manifest, `id,kind\n8a4f94e736,video\n${held.map((id) => `${id},video`).join('\n')}\n`);
    const { stdout } = await runProgram(['plan', at.manifest, '--hold', holds], at.env);
    expect(stdout).toContain('4 held (see plan.csv)');
    for (const id of held.slice(0, 3))
      expect(stdout).toMatch(new RegExp(`old.csv:\\d  video ${id}  held: court`));
    expect(stdout).not.toContain('aaaaaaaaa4');
    expect(stdout).toContain('… 1 more');
    const listed = /all are listed in (.*)$/m.exec(stdout)?.[1] ?? '';
    for (const id of held) expect(readFileSync(listed, 'utf8')).toContain(id);
  });

  test('of a run folder says what it is', async () => {
    const at = await scene(1);
    const { runId } = await makePlan(at);
    const planned = await runProgram(['plan', runId], at.env);
    expect(planned.code).toBe(2);
    expect(planned.stderr).toContain(`next: tavus-purge runs show ${runId}`);
  });

  test('warns in plain words when something is irrevocable', async () => {
    const at = await scene(1);
    const planned = await runProgram(['plan', at.manifest, '--mode', 'hard'], at.env);
    expect(planned.stdout).toContain('cannot be undone');
  });
});

describe('apply', () => {
  test('carries out a saved plan that is confirmed, and says so in numbers', async () => {
    const at = await scene(8);
    const { runId, planId } = await makePlan(at);
    const applied = await runProgram(['apply', runId, '--confirm', planId.slice(0, 8)], at.env);
    expect(applied.code).toBe(0);
    expect(applied.stdout).toMatch(/^ +8 {2}deleted$/m);
    expect(at.sandbox.state().videos.softDeleted).toBe(8);
    const again = await runProgram(['apply', runId, '--confirm', planId.slice(0, 8)], at.env);
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('next: ');
  });

  test('with --json prints the summary and nothing else on stdout', async () => {
    const at = await scene(3);
    const { runId, planId } = await makePlan(at);
    const applied = await runProgram(['apply', runId, '--confirm', planId, '--json'], at.env);
    expect(JSON.parse(applied.stdout)).toMatchObject({ runId, planned: 3, complete: true, exitCode: 0 });
    const logged: unknown[] = applied.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(logged.at(-1)).toMatchObject({ msg: 'run ended with exit code 0', exitCode: 0 });
  });

  test('asks nobody where there is no terminal, but shows the plan and then names the exact next command', async () => {
    const at = await scene(3);
    const refused = await runProgram(['apply', at.manifest], at.env);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/3 deletions at [\s\S]*3 videos, soft[\s\S]*next: /);
    expect(refused.stdout).toBe('');
    const next = /next: tavus-purge (apply \S+ --confirm \S+)/.exec(refused.stderr)?.[1] ?? '';
    expect(at.sandbox.requests()).toEqual([]);
    expect((await runProgram(next.split(' '), at.env)).code).toBe(0);
    expect(at.sandbox.state().videos.softDeleted).toBe(3);
  });

  test('with a wrong confirmation, an unsafe environment or no key sends nothing', async () => {
    const at = await scene(2);
    const { runId, planId } = await makePlan(at);
    const wrong = await runProgram(['apply', runId, '--confirm', '0000000000'], at.env);
    const short = await runProgram(['apply', runId, '--confirm', planId.slice(0, 7)], at.env);
    const tls = await runProgram(['apply', runId], { ...at.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    const keyless = await runProgram(['apply', runId, '--confirm', planId], { ...at.env, TAVUS_API_KEY: '' });
    expect([wrong.code, short.code, tls.code, keyless.code]).toEqual([4, 4, 2, 2]);
    expect(wrong.stderr).toContain(`next: read the plan: tavus-purge runs show ${runId}`);
    expect(wrong.stderr + short.stderr).not.toContain(planId.slice(0, 8));
    expect(at.sandbox.requests()).toEqual([]);
  });

  test('of a saved plan refuses options that would change nothing', async () => {
    const at = await scene(1);
    const { runId, planId } = await makePlan(at);
    const refused = await runProgram(['apply', runId, '--confirm', planId, '--mode', 'hard'], at.env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--mode changes nothing');
    const mixed = await runProgram(['apply', runId, at.manifest, '--confirm', planId], at.env);
    expect(mixed.code).toBe(2);
  });

  test('knows a run folder wherever it was moved, and half of one', async () => {
    const at = await scene(2);
    const { runId, planId } = await makePlan(at);
    const moved = path.join(at.folder, 'reviewed plan');
    renameSync(path.join(at.folder, 'state', 'tavus-purge', 'runs', runId), moved);
    const asked = await runProgram(['apply', moved], at.env);
    expect(asked.stderr).toContain(`Plan ${runId}: 2 deletions`);
    const applied = await runProgram(['apply', moved, '--confirm', planId], at.env);
    expect(applied.code).toBe(0);
    expect(at.sandbox.state().videos.softDeleted).toBe(2);
    rmSync(path.join(moved, 'run.db'));
    const half = await runProgram(['apply', moved, '--confirm', planId], at.env);
    expect(half.code).toBe(2);
    expect(half.stderr).toContain('is a run folder without run.db.');
    expect(half.stderr).toContain('next: ');
  });

  test('--dry-run is plan', async () => {
    const at = await scene(2);
    const planned = await runProgram(['apply', at.manifest, '--dry-run', '--json'], at.env);
    expect(planned.code).toBe(0);
    expect(JSON.parse(planned.stdout)).toMatchObject({ mode: 'plan', planned: 2 });
    expect(at.sandbox.requests()).toEqual([]);
  });

  test('with a row that is not fine is exit 3, with the reason and the next step', async () => {
    const at = await scene(2);
    writeFileSync(at.manifest, `${readFileSync(at.manifest, 'utf8')}ffffffffff,video\n`);
    const { runId, planId } = await makePlan(at);
    const applied = await runProgram(['apply', runId, '--confirm', planId], at.env);
    expect(applied.code).toBe(3);
    expect(applied.stderr).toContain('Not all of 3 planned deletions ended well: 1 not found.');
    expect(applied.stderr).toContain('next: ');
  });

  test('goes on when its readers are gone', async () => {
    const at = await scene(20, { latencyMs: [20, 20] });
    const { runId, planId } = await makePlan(at);
    const { child, ended } = startProgram(['apply', runId, '--confirm', planId], at.env);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect((await ended).code).toBe(0);
    expect(at.sandbox.state().videos.softDeleted).toBe(20);
  });

  test('ends cleanly at a signal, and resume does the rest', async () => {
    const at = await scene(60, { latencyMs: [40, 40] });
    const { runId, planId } = await makePlan(at);
    const { child, ended } = startProgram(['apply', runId, '--confirm', planId], at.env);
    while (at.sandbox.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGTERM');
    const first = await ended;
    expect(first.code).toBe(5);
    expect(first.stderr).toContain(`tavus-purge resume ${runId}`);
    const resumed = await runProgram(['resume'], at.env);
    expect(resumed.code).toBe(0);
    expect(at.sandbox.state().videos.softDeleted).toBe(60);
    expect(new Set(at.sandbox.requests().map(({ id }) => id)).size).toBe(at.sandbox.requests().length);
  });
});

test('a key that was refused is replaced at resume, and both are named by their fingerprints', async () => {
  const at = await scene(4, { revokeKeyAfter: 0 });
  const { runId, planId } = await makePlan(at);
  const stopped = await runProgram(['apply', runId, '--confirm', planId], at.env);
  expect(stopped.code).toBe(6);
  at.sandbox.set({ revokeKeyAfter: null, apiKeys: ['a-new-key-0002'] });
  const resumed = await runProgram(['resume', runId], { ...at.env, TAVUS_API_KEY: 'a-new-key-0002' });
  expect(resumed.stderr).toMatch(/used the key [0-9a-f]{8} and goes on with the key [0-9a-f]{8}/);
  expect(resumed.code).toBe(0);
  expect(at.sandbox.state().videos.softDeleted).toBe(4);
});

test('what stops because nothing can be recorded names the command that goes on, with what was given', async () => {
  const at = await scene(3);
  const stateDir = path.join(at.folder, 'elsewhere');
  const keyFile = path.join(at.folder, 'key');
  writeFileSync(keyFile, CANARY, { mode: 0o600 });
  const given = ['--state-dir', stateDir, '--api-key-file', keyFile];
  const planned = await runProgram(['plan', at.manifest, '--json', '--state-dir', stateDir], at.env);
  const { runId, planId }: Plan = JSON.parse(planned.stdout);
  using db = new DatabaseSync(path.join(stateDir, 'runs', runId, 'run.db'));
  db.exec("CREATE TRIGGER broken BEFORE INSERT ON outcome BEGIN SELECT RAISE(ABORT, 'broken'); END");
  const applied = await runProgram(['apply', runId, '--confirm', planId, ...given], at.env);
  expect(applied.code).toBe(8);
  const resume = `resume ${runId} --state-dir ${stateDir} --api-key-file ${keyFile}`;
  expect(applied.stderr).toContain(`then continue with tavus-purge ${resume}; nothing that was sent is lost`);
  db.exec('DROP TRIGGER broken');
  expect((await runProgram(resume.split(' '), at.env)).code).toBe(0);
  expect(at.sandbox.state().videos.softDeleted).toBe(3);
});

test('the key is in no file, on no stream and in no message of a whole purge', async () => {
  const at = await scene(5, { errors: { rate: 0.3 } });
  const { runId, planId } = await makePlan(at);
  const out = path.join(at.folder, 'out');
  const applied = await runProgram(
    ['apply', runId, '--confirm', planId, '--log-level', 'debug', '--out', out],
    at.env,
  );
  const others = await Promise.all([
    runProgram(['doctor'], at.env),
    runProgram(['doctor', '--json'], at.env),
    runProgram(['runs', 'show', runId, '--json'], at.env),
    runProgram(['report', runId], at.env),
    runProgram(['plan', CANARY], at.env),
    runProgram([CANARY], at.env),
    runProgram(['plan', 'x', `--${CANARY}`], at.env),
    runProgram(['apply', 'x', '--rate', CANARY], at.env),
    runProgram(['apply', 'x', '--help'], at.env),
    runProgram(['plan', at.manifest], { ...at.env, TAVUS_PURGE_MODE: CANARY }),
    runProgram(['plan', at.manifest], { ...at.env, TAVUS_API_KEY: `${CANARY}\n` }),
  ]);
  const said = [applied, ...others].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  const forms = [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -4), encodeURIComponent(CANARY)];
  for (const form of forms) {
    expect(said.includes(form)).toBe(false);
    expect(contentsOf(at.folder).includes(form)).toBe(false);
  }
});

describe('around it', () => {
  test('doctor shows each setting with its origin and sends one GET', async () => {
    const at = await scene(1);
    const checked = await runProgram(['doctor', '--state-dir', path.join(at.folder, 'state')], at.env);
    expect(checked.stderr).toBe('');
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/--rate .*1000\/s +environment: TAVUS_PURGE_RATE/);
    expect(checked.stdout).toMatch(/--state-dir .* flag: --state-dir/);
    expect(checked.stdout).toMatch(/fingerprint [0-9a-f]{8}/);
    expect(at.sandbox.state().requests).toMatchObject({ total: 1, deletes: 0 });
  });

  test('doctor is exit 2 for a key that the API refuses, and says so', async () => {
    const at = await scene(1);
    const checked = await runProgram(['doctor'], { ...at.env, TAVUS_API_KEY: 'another-key-0001' });
    expect(checked.code).toBe(2);
    expect(checked.stdout).toMatch(/PROBLEM target .* refuses this key \(401/);
  });

  test('doctor reads the hold files that the environment names', async () => {
    const at = await scene(1);
    const hold = path.join(at.folder, 'keep.csv');
    const missing = await runProgram(['doctor'], { ...at.env, TAVUS_PURGE_HOLD: hold });
    expect(missing.code).toBe(2);
    expect(missing.stdout).toMatch(/PROBLEM hold file .*keep\.csv/);
    writeFileSync(hold, 'id\n8a4f94e736\n');
    const there = await runProgram(['doctor'], { ...at.env, TAVUS_PURGE_HOLD: hold });
    expect(there.code).toBe(0);
    expect(there.stdout).toMatch(/ok +hold file .*keep\.csv, 1 entry/);
  });

  test('runs show of a run that is at work says so, and not that it ended', async () => {
    const at = await scene(20, { latencyMs: [300, 300] });
    const { runId, planId } = await makePlan(at);
    const { child, ended } = startProgram(
      ['apply', runId, '--confirm', planId, '--concurrency', '1'],
      at.env,
    );
    while (at.sandbox.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const [shown, listed] = await Promise.all([
      runProgram(['runs', 'show', runId], at.env),
      runProgram(['runs'], at.env),
    ]);
    child.kill('SIGTERM');
    expect(shown.stdout).toContain(`Run ${runId} is at work: 20 planned deletions`);
    expect(shown.stdout).toMatch(/^ +\d+ {2}to do$/m);
    expect(shown.stdout).not.toMatch(/ended|not attempted/);
    expect(listed.stdout).toMatch(new RegExp(`${runId} +running +\\S+ \\S+ +20 +\\d+ +0 +– `));
    expect((await ended).code).toBe(5);
    expect((await runProgram(['runs', 'show', runId], at.env)).stdout).toContain('ended early (signal)');
  });

  test('a folder that was deleted under the program is exit 2', async () => {
    const folder = await temporaryFolder();
    const gone = path.join(folder, 'gone');
    mkdirSync(gone);
    const script = `cd '${gone}' && rmdir '${gone}' && exec '${process.execPath}' '${PROGRAM}' runs`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env: {} });
    expect(status).toBe(2);
    expect(stderr).toMatch(/current folder is gone[^]*^next: cd /m);
  });

  test('a signal is heard before anything is loaded, and then nothing is begun', async () => {
    const at = await scene(1);
    const early = `process.once('newListener', (name) => {
      if (name !== 'SIGINT') throw new Error('the first listener is for ' + String(name));
      setImmediate(() => process.kill(process.pid, 'SIGINT'));
    })`;
    const env = { ...at.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(early)}` };
    const { code, stderr } = await runProgram(['plan', at.manifest], env);
    expect(code, stderr).toBe(5);
    expect(stderr).toContain('next: ');
    expect((await runProgram(['runs'], at.env)).stdout).toContain('No runs yet');
  });

  test('runs lists what ran, and says when nothing did', async () => {
    const at = await scene(1);
    expect((await runProgram(['runs'], at.env)).stdout).toContain('No runs yet');
    const { runId } = await makePlan(at);
    expect((await runProgram(['runs'], at.env)).stdout).toContain(runId);
    const unknown = await runProgram(['runs', 'show', '20200101-000000-abcdef'], at.env);
    expect(unknown.code).toBe(2);
  });

  test('sandbox says how to use it and ends at a signal', async () => {
    // Whoever set its key to try it out must still be able to read it.
    const env = { TAVUS_API_KEY: SANDBOX_API_KEY };
    const { child, ended } = startProgram(['sandbox', '--port', '0'], env);
    if (child.stdout) await once(child.stdout, 'data');
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toContain(`TAVUS_API_KEY=${SANDBOX_API_KEY} npx tavus-purge plan`);
    expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
  });

  test('completion prints a script, and completes commands and options', async () => {
    expect((await runProgram(['completion'], { SHELL: '/bin/bash' })).stdout).toContain(
      '--get-yargs-completions',
    );
    const complete = await runProgram(['--get-yargs-completions', 'tavus-purge', 'plan', '--'], {});
    expect(complete.stdout.split('\n')).toContain('--max-deletions');
  });

  test('mistakes are exit 2, a version is exit 0, nothing at all is exit 2', async () => {
    const [mistake, version, nothing] = await Promise.all([
      runProgram(['aply', 'x'], {}),
      runProgram(['--version'], {}),
      runProgram([], {}),
    ]);
    expect([mistake.code, version.code, nothing.code]).toEqual([2, 0, 2]);
    expect(version.stdout).toMatch(/^tavus-purge \d+\.\d+\.\d+\n$/);
    expect(mistake.stdout).toBe('');
  });
});
