/** The node set that Node-RED loads: the three nodes. Each can be had alone as well, by its name. */
import statusNode from './ciam-status/ciam-status';
import tenantNode from './ciam-tenant/ciam-tenant';
import userNode from './ciam-user/ciam-user';
import type { Red } from './shared/red';

const nodes = { 'ciam-tenant': tenantNode, 'ciam-user': userNode, 'ciam-status': statusNode };

const register = (red: Red): void => {
  for (const node of Object.values(nodes)) node(red);
};

export = Object.assign(register, nodes);
