/** As in package.json; a test compares them. */
export const VERSION = '1.0.0';
export const USER_AGENT = `ciam-flows-node-red-ciam/${VERSION}`;
