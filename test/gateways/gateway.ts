/** Gateways that people really run, in front of a tenant: restarted, reloaded, killed and limited while messages flow. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port';
import { Program } from '../support/program';

export const GATEWAYS = ['nginx', 'haproxy', 'squid'] as const;
export type GatewayName = (typeof GATEWAYS)[number];

/** Lookups that nginx lets through, and what the others get. */
export interface Limit { perSecond: number; status: 429 | 503; retryAfter?: number }

interface Place { port: number; tenantPort: number; folder: string; limit?: Limit | undefined }

interface Recipe {
  config: (place: Place) => string;
  args: (file: string, place: Place) => string[];
  reload: NodeJS.Signals;
}

const nginx = ({ port, tenantPort, folder, limit }: Place): string => `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream tenant { server 127.0.0.1:${tenantPort}; keepalive 32; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
${limit ? `
  limit_req_zone $binary_remote_addr zone=lookups:1m rate=${limit.perSecond}r/s;
  limit_req_status ${limit.status};
  map $status $retry_after { default ""; ${limit.status} "${limit.retryAfter ?? ''}"; }
  add_header Retry-After $retry_after always;` : ''}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://tenant; }
    location /api/v2/tenant/users { ${limit ? 'limit_req zone=lookups;' : ''} proxy_pass http://tenant; }
  }
}
`;

const haproxy = ({ port, tenantPort }: Place): string => `
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend gateway
  bind 127.0.0.1:${port}
  default_backend tenant
backend tenant
  server tenant 127.0.0.1:${tenantPort}
`;

/** As the `http proxy` of a tenant, by CONNECT. */
const squid = ({ port, folder }: Place): string => `
http_port 127.0.0.1:${port}
pid_filename none
cache_log ${folder}/cache.log
access_log none
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
http_access allow all
`;

const RECIPES: Readonly<Record<GatewayName, Recipe>> = {
  nginx: { config: nginx, args: (file, { folder }) => ['-c', file, '-p', folder, '-e', join(folder, 'error.log'), '-g', 'daemon off;'], reload: 'SIGHUP' },
  haproxy: { config: haproxy, args: (file) => ['-W', '-db', '-f', file], reload: 'SIGUSR2' },
  // squid keeps names in shared memory: one of its own for each instance, or a killed one would make later starts fail.
  squid: { config: squid, args: (file, { port }) => ['-N', '-n', `gateway${port}`, '-f', file], reload: 'SIGHUP' },
};

export class Gateway {
  private constructor(private readonly program: Program, private readonly folder: string, private readonly reloadBy: NodeJS.Signals) {}

  static async start(name: GatewayName, tenant: { port: number }, limit?: Limit): Promise<Gateway> {
    const { config, args, reload } = RECIPES[name];
    const place: Place = { port: await freePort(), tenantPort: tenant.port, folder: mkdtempSync(join(tmpdir(), `${name}-`)), limit };
    // Started as root, squid goes on as a user of its own.
    chmodSync(place.folder, 0o777);
    mkdirSync(join(place.folder, 'logs'));
    const file = join(place.folder, 'gateway.conf');
    writeFileSync(file, config(place));
    const gateway = new Gateway(new Program(name, args(file, place), place.port), place.folder, reload);
    try {
      await gateway.program.start();
    } catch (error) {
      await gateway.close();
      throw error;
    }
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.program.port}`;
  }

  /** Stopped, and started again so much later; squid takes a second of that to stop. */
  async away(ms: number): Promise<void> {
    const back = setTimeout(ms);
    await this.program.stop();
    await back;
    await this.program.start();
  }

  stop(): Promise<void> {
    return this.program.stop();
  }

  start(): Promise<void> {
    return this.program.start();
  }

  reload(): void {
    this.program.signal(this.reloadBy);
  }

  /** The master process starts another one at once. */
  killWorker(): void {
    const [worker] = this.program.workers;
    if (worker === undefined) throw new Error('There is no worker process.');
    process.kill(worker, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
