/** The lookup node: takes the value from the message, asks the tenant, fills the message. Exactly one outcome each. */
import type { LookupFailure, NodeTenant } from '../../src/node-api';
import { client } from '../shared/client';
import type { Done, Message, NodeConfig, Red, RedNode, Send } from '../shared/red';
import { asFailure, misconfiguredLine } from '../shared/failure';
import { linkTenant } from '../shared/tenant-link';
import { type Answer, answersOf } from './answer';
import { caughtError } from './caught';
import { finish, leadsToNode } from '../shared/message';
import { type Options, readOptions } from './options';
import { createOutputs, type Ending } from './outputs';
import { addRoutes } from './routes';
import { createStatusLight } from './status';
import { lookedUp, safely } from './value';

/** Properties that are read together; `by` is handed on as it is. */
const TOGETHER = [['output'], ['onFailure'], ['list'], ['item'], ['value', 'valueType']];

/** Settings of this node that make no sense end every message in that failure; what does make sense still says where it goes. */
const optionsOf = (red: Red, node: RedNode, config: NodeConfig): { options: Options; unusable: LookupFailure | null } => {
  try {
    return { options: readOptions(red, node, config), unusable: null };
  } catch (error) {
    const unusable = asFailure(error);
    node.warn(misconfiguredLine(red, unusable));
    const { id, by = 'mobile' } = config;
    const sound = TOGETHER.map((names) => Object.fromEntries(Object.entries(config).filter(([name]) => names.includes(name)))).filter((part) => {
      try {
        return readOptions(red, node, { id, ...part });
      } catch {
        return false; // this is the one, or one more
      }
    });
    return { options: { ...readOptions(red, node, Object.assign({ id }, ...sound) as NodeConfig), by }, unusable };
  }
};

/** A message on its way through the node. */
interface Visit {
  message: Message;
  send: Send;
  done: Done;
  hasEnded: boolean;
}

export = (red: Red): void => {
  function CiamUser(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const { options, unusable } = optionsOf(red, this, config);
    const { read, readItem } = options;
    const source = { id: this.id, type: this.type, name: this.name ?? '' };
    const answers = answersOf(red, options, source, () => options.toCatch || !leadsToNode(red, this, 1));
    const outputs = createOutputs(red, this, options, answers);
    let toldMissing = false;
    const link = linkTenant(red, config.tenant, {
      changed: () => light.changed(),
      started: () => {
        const cause = link.isMissing ? link.tenant.condition().cause : null;
        if (cause && !toldMissing) this.warn(misconfiguredLine(red, cause));
        toldMissing = cause !== null;
      },
    });
    /** The tenant that is asked: none can be with settings of this node that make no sense. */
    const refusing = unusable && client().failingTenant(unusable, link.tenant.label);
    const tenantNow = (): NodeTenant => refusing ?? link.tenant;
    const light = createStatusLight(this, () => tenantNow().condition());
    const closing = new AbortController();
    /** Never throws: other messages may wait for the same call. */
    const conclude = (visit: Visit, makeAnswer: () => Answer): void => {
      if (visit.hasEnded) return;
      visit.hasEnded = true;
      const { message, send, done } = visit;
      let shown: Answer['shown'];
      let ending: Ending;
      try {
        const answer = makeAnswer();
        shown = answer.shown;
        ending = outputs.send(message, send, answer);
      } catch {
        shown = client().inputFailure('unwritable');
        ending = { message, error: caughtError(red, shown) };
      }
      light.settled(shown);
      finish(red, this, message, ending.message, done, ending.error);
    };

    const byOf = (message: Message): unknown => (options.by === 'msg' ? safely(() => message.by) : options.by);

    /** The tenant was not asked. */
    const unasked = (visit: Visit, failure: LookupFailure): Answer => {
      const by = byOf(visit.message);
      return answers.failed(failure.for({ by: typeof by === 'string' ? by : '', value: null, tenant: tenantNow().label, attempts: 0, durationMs: 0, source: 'tenant' }));
    };

    const fail = (visit: Visit, failure: LookupFailure): void => conclude(visit, () => unasked(visit, failure));
    const unreadable = (visit: Visit): void => fail(visit, client().inputFailure('unreadable'));

    const lookUp = (visit: Visit, given: unknown): void => {
      try {
        const tenant = tenantNow();
        const by = byOf(visit.message);
        const asked = lookedUp(given, readItem);
        if ('rows' in asked) return lookUpList(visit, tenant, by, asked);
        tenant.ask({ by, value: asked.value }, closing.signal, (failure, found) =>
          // Exactly one of the two.
          conclude(visit, () => (found ? answers.found(found, tenant) : answers.failed(failure as LookupFailure))));
      } catch {
        unreadable(visit);
      }
    };

    const lookUpList = (visit: Visit, tenant: NodeTenant, by: unknown, { values, rows }: { values: unknown[]; rows: unknown[] }): void => {
      const progress = (settled: number): void => light.progress(visit, settled, values.length);
      void tenant.lookupList({ by, values, progress }, { signal: closing.signal })
        .then((outcome) => answers.list(outcome, rows, tenant, closing.signal))
        .catch(() => unasked(visit, client().inputFailure('list')))
        .then((answer) => {
          light.listEnded(visit);
          conclude(visit, () => answer);
        });
    };

    this.on('input', (message, send, done) => {
      const visit = { message, send, done, hasEnded: false };
      light.started();
      try {
        read(message, (failure, value) => (failure ? fail(visit, failure) : lookUp(visit, value)));
      } catch {
        unreadable(visit);
      }
    });

    // At deploy, before any message: whether the tenant can work.
    light.changed();

    this.on('close', (_removed, done) => {
      // What has not ended by now is ended by closing.
      const ended = light.inFlight;
      closing.abort();
      link.close();
      // What was waiting is answered in the microtasks that follow; after a full deployment nobody is left to receive it.
      setImmediate(() => {
        if (ended > 0) this.warn(`Lookups ended because the flow was redeployed or stopped: ${ended} (CIAM.CLOSED).`);
        light.close();
        done();
      });
    });
  }

  red.nodes.registerType('ciam-user', CiamUser);
  addRoutes(red);
};
