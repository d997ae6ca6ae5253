import { tenant } from '../ciam-user/editor/checks';
import { chooseOnlyTenant } from '../ciam-user/editor/tenant';
import { asText, closeForm, explain, nameConfigButtons, openForm, validator } from '../shared/editor/form';
import { textsOf } from '../shared/editor/texts';

const text = textsOf('ciam-status');

RED.nodes.registerType('ciam-status', {
  category: 'network',
  color: '#3FADB5',
  icon: 'ciam-status.svg',
  defaults: {
    name: { value: '' },
    tenant: { value: '', type: 'ciam-tenant', label: text('label.tenant'), validate: validator(tenant) },
  },
  inputs: 1,
  outputs: 1,
  paletteLabel: text('palette'),
  inputLabels: text('port.input'),
  outputLabels() {
    return text('port.output');
  },
  label() {
    return asText(this['name']) || text('palette');
  },
  labelStyle() {
    return this['name'] ? 'node_label_italic' : '';
  },
  onadd() {
    chooseOnlyTenant(this);
  },
  oneditprepare() {
    openForm(this, 'node-input');
    nameConfigButtons('node-input', 'tenant', { edit: text('aria.edit-tenant'), add: text('aria.add-tenant') });
    explain(this, 'node-input');
  },
  oneditsave: closeForm,
  oneditcancel: closeForm,
});
