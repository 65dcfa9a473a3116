import { HttpRequestInterceptor } from '@mswjs/interceptors/http';
import { http } from 'msw';
import { defineNetwork, InterceptorSource } from 'msw/experimental';
import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import type { Sandbox } from '../../src/sandbox/create-sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';

/** The sandbox in the place of the real API. */
export interface InterceptedSandbox {
  readonly sandbox: Sandbox;
  /** Gives the network back. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Puts a sandbox behind https://tavusapi.com in this process, for every HTTP client. A request to any other place is
 * an error. `setupServer` of msw would let undici through to the real network (msw 3.0), so the network is defined here.
 */
export function interceptWithSandbox(options: SandboxOptions = {}): InterceptedSandbox {
  const sandbox = createSandbox(options);
  const network = defineNetwork({
    sources: [new InterceptorSource({ interceptors: [new HttpRequestInterceptor()] })],
    handlers: [http.all('https://tavusapi.com/*', ({ request }) => sandbox.app.fetch(request))],
    onUnhandledFrame: 'error',
    context: { quiet: true },
  });
  network.enable();
  function close(): void {
    sandbox.release();
    network.disable();
  }
  return { sandbox, close, [Symbol.dispose]: close };
}
