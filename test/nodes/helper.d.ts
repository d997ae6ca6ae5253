/** The part of node-red-node-test-helper that the tests use; it comes without types. */
declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events';
  import type { RequestListener } from 'node:http';
  import type { Red, RedNode } from '../../nodes/shared/red';

  namespace helper {
    interface HelperNode extends Omit<RedNode, 'on'>, Omit<EventEmitter, 'on'> {
      on(event: string, listener: (argument: never) => void): this;
      receive(message: object): void;
      context(): { flow: Context; global: Context };
      close(): Promise<void>;
    }
    interface Context {
      set(name: string, value: unknown): void;
    }
  }
  const helper: {
    init(runtime: string): void;
    settings(settings: object): void;
    load(nodes: ((red: Red) => void)[], flows: object[], credentials: object): Promise<void>;
    unload(): Promise<void>;
    setFlows(flows: object[], type: 'full' | 'flows' | 'nodes', credentials?: object): Promise<void>;
    getNode(id: string): helper.HelperNode | null;
    log(): { args: [{ level: number; msg: unknown; id?: string }][] };
    /** Node-RED's admin API, new with every `load`. */
    _httpAdmin: RequestListener;
  };
  export = helper;
}
