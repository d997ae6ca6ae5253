import { AsyncResource } from 'node:async_hooks';

/**
 * The client, loaded with the first node that is deployed and not with the palette: whoever needs it calls this.
 * In the palette's asynchronous context all the same, which the client takes for that of no message: a deployment is a request with a trace of its own.
 */
export const client = AsyncResource.bind(() => require('../../src/node-api') as typeof import('../../src/node-api'));
