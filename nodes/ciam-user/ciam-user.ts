/** The lookup node: takes the value from the message, asks the tenant, fills the message. Exactly one outcome each. */
import type { ListOutcome, Lookup, LookupFailure, NodeTenant as Tenant, ShapedUser, User } from '../../src/node-api';
import { failureObject } from '../shared/failure';
import type { Done, Message, NodeConfig, Red, RedNode, Send } from '../shared/red';
import { createStatusLight, gravest } from './status';
import { type ReadValue, resultWriter, valueReader, type WriteResult } from './value';

/** Loaded with the first node that is deployed, not with the palette. */
const client = () => require('../../src/node-api') as typeof import('../../src/node-api');

interface Options {
  by: unknown;
  toCatch: boolean;
  read: ReadValue;
  write: WriteResult;
  shape: ((user: User) => ShapedUser) | null;
}

/** Throws a `CIAM.CONFIG` failure that names the property. */
const readOptions = (red: Red, node: RedNode, config: NodeConfig, tenant: Tenant): Options => {
  const { checkedSwitch, configFailure, isBy, BY, fieldNames, keepFields, normalise } = client();
  const { by = 'mobile', onFailure = 'output', fields = '' } = config;
  const even = checkedSwitch('normalise', config.normalise);
  if (by !== 'msg' && !isBy(by)) throw configFailure('by', `must be msg or one of ${BY.join(', ')}.`);
  if (onFailure !== 'output' && onFailure !== 'catch') throw configFailure('onFailure', 'must be "output" or "catch".');
  if (typeof fields !== 'string') throw configFailure('fields', 'must be names separated by commas.');
  const names = fieldNames(fields);
  const shape = (user: User): ShapedUser => keepFields(even ? normalise(user, tenant.timezone) : user, names);
  return {
    by, toCatch: onFailure === 'catch', read: valueReader(red, node, config, client()), write: resultWriter(red, config, client()),
    shape: even || names.length > 0 ? shape : null,
  };
};

/** A tenant node that is missing or disabled is a failure of every message, not of the deploy. */
const tenantOf = (red: Red, config: NodeConfig): Tenant => {
  const node = typeof config.tenant === 'string' && config.tenant ? (red.nodes.getNode(config.tenant) as { tenant?: Tenant } | null | undefined) : null;
  return node?.tenant ?? client().unusableTenant(client().configFailure('tenant', 'is missing: choose a tenant node that exists and is enabled.'));
};

/** Settings of this node that make no sense end every message the way an unusable tenant does. */
const open = (red: Red, node: RedNode, config: NodeConfig): { tenant: Tenant; options: Options } => {
  const tenant = tenantOf(red, config);
  try {
    return { tenant, options: readOptions(red, node, config, tenant) };
  } catch (failure) {
    if (!(failure instanceof client().LookupFailure)) throw failure;
    node.warn(failure.message);
    // What does make sense still says where the failure goes.
    const { by = 'mobile', output, onFailure } = config;
    const rest = { id: config.id, ...(typeof output === 'string' && output && { output }), ...(onFailure === 'catch' && { onFailure }) };
    return { tenant: client().unusableTenant(failure, tenant.label), options: { ...readOptions(red, node, rest, tenant), by } };
  }
};

const isLookupError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (error as { source?: { type?: unknown } }).source?.type === 'ciam-user';

export = (red: Red): void => {
  function CiamUser(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const { tenant, options } = open(red, this, config);
    const { read, write, shape, toCatch } = options;
    const light = createStatusLight(this);
    const closing = new AbortController();
    /** Messages that were ended by closing. */
    let cutShort = 0;
    const source = { id: this.id, type: this.type, name: this.name ?? '' };
    const describe = (failure: LookupFailure): object => ({ ...failureObject(red, failure), source });

    const publish = (message: Message, durationMs: number, attempts: number): void => {
      if (!this.metric()) return;
      this.metric('lookup.duration.millis', message, durationMs);
      this.metric('lookup.attempts', message, attempts);
    };

    const end = (failure: LookupFailure | null, done: Done, error?: Error): void => {
      light.settled(failure);
      if (closing.signal.aborted) cutShort++;
      done(error);
    };

    /** A message that cannot be filled or sent, as one that the runtime cannot copy. */
    const broken = (error: unknown, done: Done): void =>
      end(client().inputFailure('The message cannot be used.'), done, error instanceof Error ? error : new Error(String(error)));

    const succeed = (message: Message, { user, lookup }: Lookup, send: Send, done: Done): void => {
      if (isLookupError(message.error)) delete message.error;
      message.lookup = lookup;
      if (!write(message, shape ? shape(user) : user)) return fail(message, unwritable().for(lookup), send, done);
      publish(message, lookup.durationMs, lookup.attempts);
      send(message);
      end(null, done);
    };

    const unwritable = (): LookupFailure => client().configFailure('output', 'the message has no place of this name.');

    const fail = (message: Message, failure: LookupFailure, send: Send, done: Done): void => {
      if (failure.lookup) {
        message.lookup = failure.lookup;
        publish(message, failure.lookup.durationMs, failure.lookup.attempts);
      }
      write(message, failure.code);
      if (toCatch) return end(failure, done, failure);
      message.error = describe(failure);
      send([null, message]);
      end(failure, done);
    };

    const answerList = (message: Message, { found, failed, lookup, attempts }: ListOutcome, send: Send, done: Done): void => {
      if (isLookupError(message.error)) delete message.error;
      const failures = failed.map(({ index, value, error }) => ({ index, value, error: describe(error) }));
      const users = shape ? found.map((item) => ({ ...item, user: shape(item.user) })) : found;
      const succeeds = users.length > 0 || failures.length === 0;
      const fails = failures.length > 0;
      // Two outcomes are two messages; the copy is made before the results are in it. A Catch node gets the message that came in.
      const copy = succeeds && fails ? red.util.cloneMessage(message) : message;
      const [first, second] = toCatch ? [copy, message] : [message, copy];
      const fill = (into: Message, result: unknown): boolean => {
        into.lookup = { ...lookup };
        return write(into, result);
      };
      const written = (!succeeds || fill(first, users)) && (!fails || fill(second, failures));
      if (!written) return fail(message, unwritable(), send, done);
      publish(message, lookup.durationMs, attempts);
      send([succeeds ? first : null, fails && !toCatch ? second : null]);
      if (!fails || !toCatch) return end(gravest(failed.map(({ error }) => error)), done);
      const failure = client().listFailure(failures.length, lookup.total);
      end(failure, done, failure);
    };

    const lookUp = (message: Message, value: unknown, send: Send, done: Done): void => {
      const by = options.by === 'msg' ? message.by : options.by;
      if (Array.isArray(value)) return lookUpList(message, by, value, send, done);
      tenant.ask({ by, value }, closing.signal, (failure, found) => {
        try {
          if (found) succeed(message, found, send, done);
          else if (failure) fail(message, failure, send, done);
        } catch (error) {
          broken(error, done);
        }
      });
    };

    const lookUpList = (message: Message, by: unknown, value: unknown[], send: Send, done: Done): void => {
      const list = {};
      const progress = (settled: number): void => light.progress(list, settled, value.length);
      tenant.lookupList({ by, values: value, progress }, { signal: closing.signal })
        .finally(() => light.listEnded(list))
        .then((outcome) => answerList(message, outcome, send, done))
        .catch((error: unknown) => broken(error, done));
    };

    this.on('input', (given, send, done) => {
      // A message that nobody may change travels on as a copy.
      const message = Object.isExtensible(given) ? given : { ...given };
      light.started();
      const lookUpOrFail = (failure: LookupFailure | null, value?: unknown): void => {
        try {
          if (!failure) return lookUp(message, value, send, done);
          const by = options.by === 'msg' ? message.by : options.by;
          fail(message, failure.for({ by: typeof by === 'string' ? by : '', value: null, tenant: tenant.label, attempts: 0, durationMs: 0, source: 'tenant' }), send, done);
        } catch (error) {
          broken(error, done);
        }
      };
      try {
        read(message, lookUpOrFail);
      } catch {
        lookUpOrFail(client().inputFailure('The value cannot be read.'));
      }
    });

    this.on('close', (_removed, done) => {
      closing.abort();
      // What was waiting is answered in the microtasks that follow; after a full deployment nobody is left to receive it.
      setImmediate(() => {
        const ended = cutShort + light.inFlight;
        if (ended > 0) this.warn(`Lookups ended because the flow was redeployed or stopped: ${ended} (CIAM.CLOSED).`);
        light.close();
        done();
      });
    });
  }

  red.nodes.registerType('ciam-user', CiamUser);
};
