/**
 * Messages may be frozen, read-only, full of getters, no objects at all, or hold what Node-RED cannot copy: what is done to them here
 * never throws, and what is written into them is there.
 */
import type { Done, Message, Red, RedNode, Send } from './red';

/** A message that does not tell its names may still have these, which flows cannot do without. */
const USUAL = ['_msgid', 'topic', 'req', 'res'];

/** Names of the getters that its class has, and those that it extends: not those that every object has. */
const gettersOf = (object: object): string[] => {
  const kind = Object.getPrototypeOf(object) as object | null;
  if (!kind || !Object.getPrototypeOf(kind)) return [];
  const own = Object.entries(Object.getOwnPropertyDescriptors(kind)).filter(([, property]) => property.get !== undefined);
  return [...own.map(([name]) => name), ...gettersOf(kind)];
};

const namesOf = (message: Message): string[] => {
  // Of a text, or of bytes, each place has a name.
  if (typeof message === 'string' || ArrayBuffer.isView(message)) return USUAL;
  try {
    return [...Object.keys(message), ...isOrdinary(message) ? gettersOf(message) : []];
  } catch {
    return USUAL;
  }
};

/** Of anything else Node-RED copies a part at best, and an output takes an array for several messages. */
const isOrdinary = (message: unknown): boolean => {
  try {
    return Object.prototype.toString.call(message) === '[object Object]';
  } catch {
    return false;
  }
};

/** Like the message, to be written at will. A property that cannot be read does not travel on. */
const plainCopy = (message: Message, copied: (value: unknown, name: string) => unknown = (value) => value): Message => {
  const copy: Message = {};
  for (const name of namesOf(message)) {
    try {
      const value = message[name];
      if (value !== undefined) copy[name] = copied(value, name);
    } catch {
      // A getter that throws: there is nothing to hand on.
    }
  }
  return copy;
};

/** Throws unless the property that was written holds the value: a setter may do something else with it. */
export const checkWritten = (held: unknown, value: unknown): void => {
  if (held !== value) throw new TypeError('A property cannot be written.');
};

/** Writes into the message, or into a copy if it refuses; gives the one that was written. */
export const written = (red: Red, message: Message, write: (into: Message) => void): Message => {
  if (isOrdinary(message)) {
    try {
      write(message);
      return message;
    } catch {
      // It refuses, or something within it does.
    }
  }
  const copy = plainCopy(message);
  try {
    write(copy);
    return copy;
  } catch {
    const deep = deepCopy(red, message);
    write(deep);
    return deep;
  }
};

/** Node-RED takes `req` and `res` off a message while it copies, and leaves them off when it cannot. */
const keepingHttp = <Result>(message: Message, use: () => Result): Result => {
  let req: unknown;
  let res: unknown;
  try {
    ({ req, res } = message);
  } catch {
    // A message whose `req` cannot be read loses nothing here.
  }
  try {
    return use();
  } catch (error) {
    if (req) message.req = req;
    if (res) message.res = res;
    throw error;
  }
};

/** A message that shares as little as possible with this one: what cannot be copied is shared. */
export const copyOf = (red: Red, message: Message): Message => {
  try {
    return keepingHttp(message, () => red.util.cloneMessage(message));
  } catch {
    return deepCopy(red, message);
  }
};

/** As Node-RED copies it: `req` and `res` are handed on. */
const deepCopy = (red: Red, message: Message): Message =>
  plainCopy(message, (value, name) => (name === 'req' || name === 'res' ? value : valueCopy(red, value)));

/** What cannot be copied is given as it is. */
export const valueCopy = (red: Red, value: unknown): unknown => {
  try {
    return red.util.cloneMessage({ value }).value;
  } catch {
    return value;
  }
};

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What this output leads to, as deployed just now. */
const wiresOf = ({ wires = [] }: Pick<RedNode, 'wires'>, output: 0 | 1): string[] => wires[output] ?? [];

/** Whether somebody gets what leaves by this output: wires to disabled nodes stay, and lead nowhere. */
export const leadsToNode = (red: Red, node: Pick<RedNode, 'wires'>, output: 0 | 1): boolean =>
  wiresOf(node, output).some((id) => (red.nodes.getNode(id) ?? null) !== null || !isDisabled(red, id));

/** Ids that the flow file does not have are those of a subflow's instance, of which nothing is known here. */
const isDisabled = (red: Red, id: string): boolean => {
  let found = false;
  red.nodes.eachNode((config) => {
    if (config.id === id) found = config['d'] === true;
  });
  return found;
};

/** Sends by one output. With one wire nothing is copied; with more, the first is served before a copy can fail. */
export const sendBy = (node: RedNode, send: Send, output: 0 | 1, message: Message): void => {
  const { length: wires } = wiresOf(node, output);
  try {
    keepingHttp(message, () => send(output === 0 ? message : [null, message]));
  } catch (error) {
    // Nobody has it: an outcome is still owed.
    if (wires <= 1) throw error;
    node.error(`A message that cannot be copied went to the first of ${wires} wires only (${asError(error).message}).`);
  }
};

/**
 * Ends a message, once. Catch and Complete nodes get a copy, which the runtime may be unable to make. `message`: what became of the
 * one that came in; `done` knows that one only, so the runtime is told of a copy in the way in which `done` tells it.
 */
export const finish = (red: Red, node: RedNode, came: Message, message: Message, done: Done, error?: Error): void => {
  try {
    keepingHttp(message, () => (message === came || !node._complete ? done(error) : node._complete(message, error)));
  } catch (thrown) {
    const why = asError(thrown).message;
    if (!error) return node.warn(`Complete nodes were not told of a message: it cannot be copied (${why}).`);
    node.warn(`${error.message} Catch nodes get this message without what cannot be copied (${why}).`);
    // The failure must not vanish: Catch nodes, or the log, get it all the same.
    const copy = plainCopy(message, (value) => red.util.cloneMessage({ value }).value);
    // The runtime looks into an earlier one, which may be like no other object.
    delete copy.error;
    try {
      node.error(error, copy);
    } catch {
      node.error(error);
    }
  }
};
