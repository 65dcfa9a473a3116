/**
 * Run as a process of its own, so that the system can limit it: writes as many kilobytes as asked to a file with
 * `replaceFile` and prints how that ended. Arguments: path, kilobytes.
 */
import { PurgeError } from '../../src/errors.ts';
import { replaceFile } from '../../src/safe-files.ts';

const [path = '', kilobytes = '0'] = process.argv.slice(2);
try {
  await replaceFile(path, async (append) => {
    for (let written = 0; written < Number(kilobytes); written += 100)
      await append('0123456789'.repeat(10_240));
  });
  process.stdout.write('written');
} catch (error) {
  process.stdout.write(
    error instanceof PurgeError ? `${error.kind}: ${error.message}` : `bug: ${String(error)}`,
  );
}
