/** The client, loaded with the first node that is deployed and not with the palette: whoever needs it calls this. */
export const client = () => require('../../src/node-api') as typeof import('../../src/node-api');
