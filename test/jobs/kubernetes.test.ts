import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { EXIT_CODES } from '../../src/errors.ts';
import { jobRunBy, readKit, WORK_FOLDER } from './kits.ts';

const NAME = 'tavus-purge';
const LABELS = { 'app.kubernetes.io/name': NAME };
const mount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  readOnly: z.boolean().optional(),
});

/** What batch/v1 knows under these names, and nothing else: a misspelt field would be ignored by some clusters. */
const cronJob = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,52}$/),
    labels: z.record(z.string(), z.string()),
  }),
  spec: z.strictObject({
    schedule: z.string(),
    timeZone: z.string(),
    startingDeadlineSeconds: z.int(),
    concurrencyPolicy: z.enum(['Allow', 'Forbid', 'Replace']),
    successfulJobsHistoryLimit: z.int(),
    failedJobsHistoryLimit: z.int(),
    jobTemplate: z.strictObject({
      spec: z.strictObject({
        backoffLimit: z.int(),
        activeDeadlineSeconds: z.int(),
        podReplacementPolicy: z.enum(['TerminatingOrFailed', 'Failed']),
        podFailurePolicy: z.strictObject({
          rules: z.array(
            z.strictObject({
              action: z.enum(['Ignore', 'FailJob', 'Count']),
              onPodConditions: z
                .array(z.strictObject({ type: z.literal('DisruptionTarget'), status: z.literal('True') }))
                .optional(),
              onExitCodes: z
                .strictObject({
                  containerName: z.string(),
                  operator: z.enum(['In', 'NotIn']),
                  values: z.array(z.int().min(1).max(255)),
                })
                .optional(),
            }),
          ),
        }),
        template: z.strictObject({
          metadata: z.strictObject({ labels: z.record(z.string(), z.string()) }),
          spec: z.strictObject({
            restartPolicy: z.enum(['Never', 'OnFailure']),
            terminationGracePeriodSeconds: z.int(),
            automountServiceAccountToken: z.boolean(),
            enableServiceLinks: z.boolean(),
            securityContext: z.strictObject({
              runAsNonRoot: z.boolean(),
              runAsUser: z.int(),
              runAsGroup: z.int(),
              fsGroup: z.int(),
              fsGroupChangePolicy: z.enum(['Always', 'OnRootMismatch']),
              seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Unconfined', 'Localhost']) }),
            }),
            containers: z.tuple([
              z.strictObject({
                name: z.string(),
                image: z.string(),
                args: z.array(z.string()),
                securityContext: z.strictObject({
                  allowPrivilegeEscalation: z.boolean(),
                  readOnlyRootFilesystem: z.boolean(),
                  capabilities: z.strictObject({ drop: z.array(z.string()) }),
                }),
                resources: z.strictObject({
                  requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
                  limits: z.strictObject({ memory: z.string() }),
                }),
                volumeMounts: z.array(mount),
              }),
            ]),
            volumes: z.array(
              z.strictObject({
                name: z.string(),
                persistentVolumeClaim: z.strictObject({ claimName: z.string() }).optional(),
                configMap: z.strictObject({ name: z.string() }).optional(),
                secret: z
                  .strictObject({
                    secretName: z.string(),
                    defaultMode: z.int().max(0o777),
                    items: z.array(z.strictObject({ key: z.string(), path: z.string() })),
                  })
                  .optional(),
                emptyDir: z.strictObject({ sizeLimit: z.string() }).optional(),
              }),
            ),
          }),
        }),
      }),
    }),
  }),
});

const claim = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('PersistentVolumeClaim'),
  metadata: z.strictObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteOncePod'])),
    resources: z.strictObject({ requests: z.strictObject({ storage: z.string() }) }),
  }),
});

/** Both documents, read as Kubernetes does (YAML 1.1); what has not the fields that they must have throws. */
async function readManifests(version: '1.1' | '1.2' = '1.1') {
  const documents = parseAllDocuments(await readKit('kubernetes/cronjob.yaml'), { version });
  const [first, second, ...more] = [...documents].map((document): unknown => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
  expect(more).toEqual([]);
  return { claim: claim.parse(first), cron: cronJob.parse(second) };
}

async function podOf() {
  const { cron } = await readManifests();
  const { spec } = cron.spec.jobTemplate;
  const pod = spec.template.spec;
  return { cron: cron.spec, job: spec, pod, container: pod.containers[0] };
}

describe('jobs/kubernetes/cronjob.yaml', () => {
  test('has only fields that batch/v1 knows, and means the same to readers of YAML 1.1 and 1.2', async () => {
    expect(await readManifests('1.2')).toEqual(await readManifests('1.1'));
    const { claim: volume, cron } = await readManifests();
    expect(
      [volume, cron, cron.spec.jobTemplate.spec.template].map(({ metadata }) => metadata.labels),
    ).toEqual([LABELS, LABELS, LABELS]);
  });

  test('runs the nightly job with the key from a file, and continues an interrupted run within its time', async () => {
    const { cron, job, container } = await podOf();
    const nightly = await jobRunBy(container.args);
    expect(nightly.name).toBe('nightly-soft-sweep');
    expect(container.args.slice(3)).toEqual([
      '--trigger=kubernetes',
      `--state-dir=${WORK_FOLDER}/state`,
      '--api-key-file=/run/secrets/tavus-purge/api-key',
    ]);
    expect(cron).toMatchObject({
      schedule: '30 22 * * *',
      timeZone: 'Europe/Berlin',
      concurrencyPolicy: 'Forbid',
    });
    const maxDurationMs = Number(nightly.settings.maxDurationMs);
    expect(job.activeDeadlineSeconds * 1000).toBeGreaterThan(maxDurationMs + 60_000);
    expect(job.activeDeadlineSeconds * 1000).toBeLessThan(2 * maxDurationMs);
  });

  test('judges every exit code that a job run may have: 5 is tried again, all others are final', async () => {
    const { job, pod, container } = await podOf();
    expect(pod.restartPolicy).toBe('Never');
    expect(job.podReplacementPolicy).toBe('Failed');
    const { rules } = job.podFailurePolicy;
    expect(rules.map(({ action, onExitCodes }) => [action, onExitCodes?.operator])).toEqual([
      ['Ignore', undefined],
      ['FailJob', 'In'],
      ['Count', 'In'],
    ]);
    expect(rules[0]?.onPodConditions).toHaveLength(1);
    const named = rules.flatMap(({ onExitCodes }) => (onExitCodes === undefined ? [] : [onExitCodes]));
    expect(named.map(({ containerName }) => containerName)).toEqual([container.name, container.name]);
    expect(named[1]?.values).toEqual([EXIT_CODES.interrupted]);
    // 10 is for `plan --detailed-exitcode` only.
    const others = Object.values(EXIT_CODES).filter(
      (code) => ![0, 10, EXIT_CODES.interrupted].includes(code),
    );
    expect(named[0]?.values).toEqual(others.toSorted((one, other) => one - other));
  });

  test('gives a pod the time that a clean end takes, and no rights', async () => {
    const { pod, container } = await podOf();
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(20 + 30 + 10);
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('runs as the account of the image', async () => {
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(await readKit('Dockerfile')) ?? [];
    const { pod } = await podOf();
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;
    expect([runAsUser, runAsGroup, fsGroup]).toEqual([Number(user), Number(group), Number(group)]);
  });

  test('mounts each volume once, the claim above all, and the key as a file that only its owner may read', async () => {
    const { pod, container } = await podOf();
    const { claim: volume } = await readManifests();
    expect(pod.volumes.map(({ name }) => name)).toEqual(container.volumeMounts.map(({ name }) => name));
    const [work, jobs, key] = pod.volumes;
    expect(work?.persistentVolumeClaim).toEqual({ claimName: volume.metadata.name });
    expect(key?.secret).toMatchObject({ defaultMode: 0o400, items: [{ key: 'api-key', path: 'api-key' }] });
    expect(jobs?.configMap).toEqual({ name: 'tavus-purge-jobs' });
    const [workMount, jobMount, keyMount] = container.volumeMounts;
    expect(workMount).toEqual({ name: 'work', mountPath: WORK_FOLDER });
    expect(jobMount).toMatchObject({
      mountPath: container.args[2],
      subPath: 'nightly-soft-sweep.yaml',
      readOnly: true,
    });
    expect(keyMount).toMatchObject({ mountPath: '/run/secrets/tavus-purge', readOnly: true });
  });
});
