/** What the queue knows of a call, of a list that waits outside, and of how a call went. */
import type { LookupFailure } from '../failures/failure';
import type { Linked } from './line';

/** One call under way, as the queue knows it. */
export interface Turn extends Linked<Turn> {
  /** Messages that wait for this turn: more than one when they share a call, none when it asks for a user who cannot exist. */
  messages: number;
  /** The list that it is an item of. */
  readonly list: TurnList | null;
  /** Its last call began at this time. */
  begunAt: number;
  /** Calls of it that failed, since its tries began anew. */
  readonly failures: number;
  /** Its tries are used up, and it waits to learn whether an outage is to blame. */
  readonly isSpent: boolean;
  /** The tenant has asked it for a pause. */
  readonly wasRefused: boolean;
  /** The outage in which it was the probe. */
  probedIn: number;
  /** Make a call now; `fresh`: on a connection of its own. */
  begin(fresh: boolean): void;
  /** It will not come, or not come again. */
  refuse(failure: LookupFailure): void;
  /** Its tries are used up, and no outage is to blame: it ends with what its own call met. */
  giveUp(): void;
  /** An outage was to blame for its failures: its tries begin anew. */
  revive(): void;
  /** Its call has been silent for too long: it waits on, or ends if no message waits for it. */
  interrupt(): void;
  /** It waits for its turn. */
  wait(): void;
  /** A question like this one for a user who cannot exist. */
  probeCall(): Turn;
}

/** Items that wait outside the queue until there is room. */
export interface TurnList {
  /** When it came. */
  readonly since: number;
  /** Items are left that it has not handed in. */
  readonly hasMore: boolean;
  /** Hands in the next item. True: that took the turn; false: the item needed none. */
  pull(): boolean;
  /** No item of it will come. */
  refuse(failure: LookupFailure): void;
}

/** How one call went. */
export interface Report {
  /** `null`: a user was found. */
  failure: LookupFailure | null;
  /** No response, a timeout, or a response that says that the tenant is away. */
  failed: boolean;
  /** It was refused for a while, with `Retry-After`. */
  paused: boolean;
  /** It was refused again while others were served: that says nothing about the rate. */
  alone: boolean;
}
