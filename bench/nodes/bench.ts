/** Nodes of the bench: one that keeps messages in flight through a flow and counts them, one that does nothing, one that only fills messages, and one that makes a bare call. */
import type { NodeConfig, Red, RedNode } from '../../nodes/shared/red';
import type { BareLookup } from '../bare';
import { type Load, Meter } from '../load';
import type { Sample } from '../statistics';
import { userJson } from '../wire';

type Run = (load: Load) => Promise<Sample>;

/** What a run may take beyond its own time before it counts as stuck. */
const PATIENCE_MS = 120_000;

/** By name of the node: what starts a run in it. */
const runs = new Map<string, Run>();
/** By name of the node: what it asks. */
const lookups = new Map<string, BareLookup>();

export = Object.assign((red: Red): void => {
  function BenchLoad(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const node = this as RedNode & { send(message: object): void };
    let received: ((payload: unknown, sentAt: number) => void) | null = null;

    const run: Run = (load) => new Promise((resolve, reject) => {
      const meter = new Meter(load);
      const watchdog = setTimeout(() => reject(new Error(`Stuck: ${meter.progress}`)), (load.ms ?? 0) + PATIENCE_MS);
      const sendOne = (): boolean => {
        if (!meter.wants()) return false;
        node.send({ payload: load.payload(), sentAt: load.inFlight === 1 ? performance.now() : 0 });
        return true;
      };
      received = (payload, sentAt) => {
        const isLast = meter.came(payload, sentAt);
        if (sendOne() || !isLast) return;
        clearTimeout(watchdog);
        received = null;
        try {
          resolve(meter.sample());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      for (let sent = 0; sent < load.inFlight && sendOne(); sent++);
    });
    runs.set(String(config.name), run);

    this.on('input', (message, _send, done) => {
      received?.(message.payload, message.sentAt as number);
      done();
    });
  }

  function BenchPass(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    this.on('input', (message, send, done) => {
      send(message);
      done();
    });
  }

  const user = userJson();
  /** Puts a new user into each message, and knows none. */
  function BenchFill(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    this.on('input', (message, send, done) => {
      message.payload = JSON.parse(user);
      send(message);
      done();
    });
  }

  /** What a lookup node would be that knows nothing of tokens, failures, limits, outages and contexts. */
  function BenchBare(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const lookUp = lookups.get(String(config.name));
    this.on('input', (message, send, done) => {
      lookUp?.(message.payload).then((user) => {
        message.payload = user;
        send(message);
        done();
      }, done);
    });
  }

  red.nodes.registerType('bench-load', BenchLoad);
  red.nodes.registerType('bench-pass', BenchPass);
  red.nodes.registerType('bench-fill', BenchFill);
  red.nodes.registerType('bench-bare', BenchBare);
}, { runs, lookups });
