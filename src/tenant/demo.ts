/** The built-in demo tenant as a tenant like any other: the simulator on a loopback port of its own, and a client of it. */
import { createClient, type NodeTenant, promised, type TenantParts } from './tenant';
import { closedFailure, LookupFailure, networkFailure } from '../failures/failure';
import { checkedSettings, type TenantSettings } from '../settings/settings';
import { callSafely, type TenantListener } from './events';
import { failingTenant } from './failing-tenant';

/** What the simulator takes from anybody. */
const DEMO = { auth: 'client-credentials', clientId: 'demo', clientSecret: 'demo', label: 'demo', proxy: false } as const;

/** Settings of the demo tenant at an address of this machine; its port is known once it has started. */
export const demoSettings = (raw: TenantSettings, domain = 'http://127.0.0.1'): TenantSettings => ({ ...raw, ...DEMO, domain });

export const createDemo = (raw: TenantSettings, parts: TenantParts): NodeTenant => {
  // Settings are checked now, as for any tenant.
  const { timezone } = checkedSettings(demoSettings(raw));
  let tenant: NodeTenant | null = null;
  let stop = (): Promise<void> => Promise.resolve();

  const start = async (): Promise<NodeTenant> => {
    try {
      const { startSimulator } = await import('../simulator/simulator.js');
      const simulator = await startSimulator();
      stop = () => simulator.close();
      tenant = createClient(demoSettings(raw, simulator.url), parts);
    } catch (error) {
      tenant = failingTenant(error instanceof LookupFailure ? error : networkFailure((error as NodeJS.ErrnoException).code ?? 'UNKNOWN', 'demo-start'), DEMO.label);
    }
    return tenant;
  };
  const started = start();
  const ask: NodeTenant['ask'] = (request, signal, settle) => {
    if (tenant) tenant.ask(request, signal, settle);
    else void started.then((ready) => ready.ask(request, signal, settle));
  };
  /** Nobody has asked it yet. */
  const idle = failingTenant(closedFailure(), DEMO.label);
  const unknown = { state: 'unknown', code: null, cause: null } as const;

  /** That it could not start is the last change that there is. */
  const tellFailed = (ready: NodeTenant, listener: TenantListener): void => {
    const { state, tenant: label, code, since, heldMs, failed } = ready.condition();
    if (state === 'misconfigured') callSafely(() => listener({ event: state, state, tenant: label, code, since, heldMs, failed }));
  };

  /** As soon as there is a tenant to listen to, unless it has been ended by then. `listener`: is told when there is none. */
  const later = (listen: (ready: NodeTenant) => () => void, listener: TenantListener | null): (() => void) => {
    if (tenant) return listen(tenant);
    let isEnded = false;
    let end = (): void => undefined;
    void started.then((ready) => {
      if (isEnded) return;
      if (listener) tellFailed(ready, listener);
      end = listen(ready);
    });
    return () => {
      isEnded = true;
      end();
    };
  };

  const close = async (): Promise<void> => {
    const client = await started;
    await Promise.all([client.close(), stop()]);
  };
  return {
    label: DEMO.label,
    timezone,
    lookup: promised(ask),
    ask,
    lookupList: async (request, options) => (await started).lookupList(request, options),
    stats: () => tenant?.stats() ?? { ...idle.stats(), state: unknown.state },
    on: (event, listener) => later((ready) => ready.on(event, listener), event === 'change' || event === 'misconfigured' ? listener : null),
    watch: (watcher) => later((ready) => ready.watch(watcher), watcher),
    warmUp: () => void started.then((ready) => ready.warmUp()),
    condition: () => tenant?.condition() ?? { ...idle.condition(), ...unknown },
    close,
    [Symbol.asyncDispose]: close,
  };
};
