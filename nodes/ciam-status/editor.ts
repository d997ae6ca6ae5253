import { tenant } from '../ciam-user/editor/checks';
import { chooseOnlyTenant } from '../ciam-user/editor/tenant';
import { asText, closeForm, explain, labelStyle, openForm, validator } from '../shared/editor/form';
import { textsOf } from '../shared/editor/texts';

const text = textsOf('ciam-status');
const close = (): void => closeForm('node-input');

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
  labelStyle,
  onadd() {
    chooseOnlyTenant(this);
  },
  oneditprepare() {
    openForm(this, 'node-input');
    explain(this, 'node-input');
  },
  oneditsave: close,
  oneditcancel: close,
});
