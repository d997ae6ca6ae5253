/** Round trips to a tenant far away, of this package and of what a builder has without it. */
import type { FlowNode } from '../scripts/user-directory';
import { Relay } from '../test/support/relay';
import { countRoundTrips, type RoundTrips } from '../test/support/round-trips';
import type { Embedded } from './embedded';
import type { Trips } from './job';
import { isUser, newMobile } from './load';

/** Milliseconds of each way: much more than all the work on it takes. */
const WAY_MS = 50;

/** `flows`: of each contender, for a tenant at that origin. */
export const countTrips = async (nodeRed: Embedded, port: number, flows: (origin: string) => Record<keyof Trips, FlowNode[]>): Promise<Trips> => {
  const relay = await Relay.start({ port }, WAY_MS);
  const both = flows(relay.url);
  const count = (name: keyof Trips): Promise<RoundTrips> => countRoundTrips(relay, {
    deploy: () => nodeRed.deploy(both[name]),
    ask: (total, answered) => nodeRed.run(name, {
      inFlight: total, total, payload: newMobile,
      isGood: (payload) => {
        answered(isUser(payload));
        return true; // a wrong one counts as never answered
      },
    }),
  });
  const trips = { ours: await count('ours'), core: await count('core') };
  await nodeRed.deploy([]);
  await relay.close();
  return trips;
};
