/** The row "Tenant": the only one there is comes chosen, and the demo is a click away. */

/** Tenants that a node on this flow can use: those of all flows, and of its own. */
const tenantsFor = (flow: unknown): EditorNode[] => {
  const tenants: EditorNode[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === 'ciam-tenant' && node['d'] !== true && (!node['z'] || node['z'] === flow)) tenants.push(node);
  });
  return tenants;
};

/** A new lookup names the only tenant; a pasted one keeps what it has. */
export const chooseOnlyTenant = (node: EditorNode): void => {
  const [only, ...more] = tenantsFor(node['z']);
  if (only && more.length === 0 && !node['tenant'] && !RED.nodes.node(node.id)) node['tenant'] = only.id;
};

/** As the editor adds a config node that is filled in by hand; undo takes it away again. */
const addDemoTenant = (): EditorNode => {
  const definition = RED.nodes.getType('ciam-tenant');
  const values = Object.fromEntries(Object.entries(definition.defaults).map(([name, { value }]) => [name, value]));
  const tenant: EditorNode = { ...values, id: RED.nodes.id(), type: 'ciam-tenant', _def: definition, users: [], demo: true, changed: true };
  RED.history.push({ t: 'add', nodes: [tenant.id], dirty: RED.nodes.dirty() });
  RED.nodes.add(tenant);
  RED.editor.validateNode(tenant);
  RED.nodes.dirty(true);
  RED.view.redraw(true);
  return tenant;
};

export const startTenant = (node: EditorNode): void => {
  const offer = $('#ciam-user-demo');
  const select = $('#node-input-tenant');
  // A tenant that is added with "+" ends the offer as well.
  const show = (): void => { offer.toggle(tenantsFor(node['z']).length === 0); };
  select.on('change', show);
  show();
  offer.find('button').on('click', () => {
    const tenant = addDemoTenant();
    $('<option>').val(tenant.id).text(tenant._def.label.call(tenant)).prependTo(select);
    select.val(tenant.id).trigger('change').trigger('focus');
  });
};
