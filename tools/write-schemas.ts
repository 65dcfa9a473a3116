/** Writes schemas/*.json from src/report/schemas.ts and src/job/job-schema.ts: `node tools/write-schemas.ts`. A test fails when they are out of date. */
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { jobJsonSchema } from '../src/job/job-schema.ts';
import { jsonSchemas } from '../src/report/schemas.ts';

const folder = new URL('../schemas/', import.meta.url);

for (const [name, schema] of Object.entries({ ...jsonSchemas(), 'job.schema.json': jobJsonSchema() })) {
  const file = new URL(name, folder);
  const style = await resolveConfig(file);
  writeFileSync(file, await format(JSON.stringify(schema), { ...style, parser: 'json' }));
}
