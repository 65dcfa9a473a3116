import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastServer } from './fast-server.ts';
import { isInstalled } from './native.ts';

/** nginx as the fast server, for a machine without a C compiler: it counts, but knows neither IDs nor times. */
export async function startNginx(scratch: string): Promise<FastServer | null> {
  if (!isInstalled('nginx')) return null;
  const folder = join(scratch, 'nginx');
  mkdirSync(folder);
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
  const baseUrl = `http://127.0.0.1:${port}`;
  let before = await requestsSoFar(baseUrl);
  return {
    name: 'nginx',
    baseUrl,
    async reset() {
      before = await requestsSoFar(baseUrl);
    },
    async report() {
      // The question is itself a request.
      before += 1;
      const deletions = (await requestsSoFar(baseUrl)) - before;
      return { deletions, bad: 0, idHash: null, cpuMs: null };
    },
    arrivals: null,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function configuration(folder: string, port: number): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location = /requests { stub_status; }
    location = /v2/replicas { default_type application/json; return 200 '{"data":[],"total_count":0}'; }
    location ~ ^/v2/(videos|replicas)/[A-Za-z0-9_-]+$ {
      if ($request_method = DELETE) { return 204; }
      return 400;
    }
  }
}
`;
}

/** The third number in the third line of `stub_status`. Waits for a server that is just starting. */
async function requestsSoFar(baseUrl: string): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      const text = await (await fetch(`${baseUrl}/requests`)).text();
      return Number(text.split('\n')[2]?.trim().split(' ')[2]);
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(100);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
