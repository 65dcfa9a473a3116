import type { Sandbox } from '../../src/sandbox/create-sandbox.ts';

/** What a test looks at in an answer. */
export interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Asks an in-process sandbox with its own key, or with `key`. */
export async function ask(
  sandbox: Sandbox,
  request: string,
  key: string | null = sandbox.apiKey,
): Promise<Heard> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const headers = key === null ? {} : { 'x-api-key': key };
  const response = await sandbox.app.request(`http://sandbox.test${path}`, { method, headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** The body of a list. */
export async function list(sandbox: Sandbox, path: string): Promise<{ data: Row[]; total_count: number }> {
  return JSON.parse((await ask(sandbox, `GET ${path}`)).text);
}

/** A row of a list, as far as tests look at it. */
export type Row = Readonly<Record<string, string>>;
