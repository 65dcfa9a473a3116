#!/usr/bin/env node
// Must parse on old Nodes, so that they get a sentence instead of a syntax error.
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  console.error(
    'tavus-purge: this is Node ' +
      process.versions.node +
      ', and Node 24 or newer is needed.\n' +
      'next: install Node 24, or in a checkout run it as: npx tavus-purge ' +
      (process.argv[2] === undefined ? '--help' : '…'),
  );
  process.exitCode = 2;
} else {
  // Diagnostic reports hold the environment, and so the API key, unless told otherwise.
  process.report.excludeEnv = true;
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const entry = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
  // `main` never rejects; a failing import does, and Node says so with exit code 1.
  void import(entry.href).then(function (cli) {
    return cli.main(process.argv.slice(2));
  });
}
