'use strict';
/**
 * A node set for a Node-RED under test. It watches the lookup nodes through the runtime's hooks and keeps the books:
 * what went in, what came out, and whether every message had exactly one outcome and was done exactly once.
 * `GET /ledger` shows them; `GET /ledger?collect=1` collects garbage before, and `?jump=MS` sets the wall clock ahead, or back.
 */
const v8 = require('node:v8');
const vm = require('node:vm');

module.exports = function (RED) {
  const books = { received: 0, done: 0, outcomes: {}, violations: [] };
  /** By node and message: one message may pass several lookup nodes. */
  const open = new Map();
  const over = new WeakMap();

  const isLookup = (node) => node !== undefined && node.type === 'ciam-user';
  const entryOf = (node, msg) => open.get(node)?.get(msg);
  const violation = (what, node, code) => {
    if (books.violations.length < 20) books.violations.push(`${node.id}: ${what} (${code})`);
  };
  const codeOf = (msg) => (Array.isArray(msg.payload) ? 'list' : typeof msg.payload === 'string' ? msg.payload : 'found');

  /** The servers of the tests give everybody a `user_id` that tells who was asked for. */
  const checkUser = (node, { payload, lookup }) => {
    if (lookup.by !== 'id' && payload.user_id !== `id of ${lookup.value}`) violation('somebody else was found', node, 'found');
  };

  RED.hooks.add('onReceive.ledger', ({ msg, destination: { node } }) => {
    if (!isLookup(node)) return;
    books.received++;
    if (!open.has(node)) open.set(node, new Map());
    open.get(node).set(msg, { first: 0, second: 0, list: Array.isArray(msg.payload) });
    over.get(node)?.delete(msg);
  });

  RED.hooks.add('onSend.ledger', (events) => {
    const seen = new Set();
    for (const { msg, source: { node, port } } of events) {
      if (!isLookup(node) || seen.has(`${port}`)) continue;
      seen.add(`${port}`);
      const entry = entryOf(node, msg);
      // The second part of a list is a copy, which nobody has seen coming in.
      if (!entry) {
        if (over.get(node)?.has(msg)) violation('a message came out again', node, codeOf(msg));
        continue;
      }
      if (port === 0 && !entry.list) checkUser(node, msg);
      if (port === 0) entry.first++;
      else entry.second++;
    }
  });

  RED.hooks.add('onComplete.ledger', ({ msg, error, node: { node } }) => {
    if (!isLookup(node)) return;
    const entry = entryOf(node, msg);
    const code = error ? error.code : codeOf(msg);
    if (!entry) return violation('done twice, or for an unknown message', node, code);
    open.get(node).delete(msg);
    if (open.get(node).size === 0) open.delete(node);
    if (!over.has(node)) over.set(node, new WeakSet());
    over.get(node).add(msg);
    const wired = (port) => (node.wires[port] ?? []).length > 0;
    const sent = entry.first + entry.second + (error ? 1 : 0);
    if (entry.list ? sent > 2 : sent > 1) violation(`${sent} outcomes`, node, code);
    if (sent === 0 && wired(0) && wired(1)) violation('done without an outcome', node, code);
    books.done++;
    books.outcomes[code] = (books.outcomes[code] ?? 0) + 1;
  });

  const { now } = Date;
  let jumped = 0;
  Date.now = () => now() + jumped;

  RED.httpAdmin.get('/ledger', (request, response) => {
    if (request.query.jump) jumped += Number(request.query.jump);
    if (request.query.collect) {
      v8.setFlagsFromString('--expose-gc');
      for (let round = 0; round < 3; round++) vm.runInNewContext('gc')();
    }
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    response.json({
      ...books, open: [...open.values()].reduce((sum, messages) => sum + messages.size, 0),
      heapBytes: process.memoryUsage().heapUsed, rssBytes: process.memoryUsage.rss(), resources,
    });
  });

  function Ledger(config) {
    RED.nodes.createNode(this, config);
  }
  RED.nodes.registerType('ledger', Ledger);
};
