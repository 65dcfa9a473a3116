import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildFaultLibrary, FaultControl, faultEnvironment } from './storage-fault-shim.ts';
import { fastFolder } from './storage-places.ts';

/** A folder in which storage can be made to fail, below `root`, for processes with `env`. It is gone when disposed of. */
export class FaultyFolder implements Disposable {
  readonly root: string;
  /** The file of the `FaultControl`, which is made. */
  readonly controlFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(join(fastFolder(), 'tavus-purge-faults-'));
    this.root = join(this.#folder, 'root');
    this.controlFile = join(this.#folder, 'control');
    mkdirSync(this.root, { mode: 0o700 });
    new FaultControl(this.controlFile, { create: true })[Symbol.dispose]();
    const library = buildFaultLibrary(this.#folder);
    this.env = faultEnvironment(library, { root: this.root, control: this.controlFile });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
