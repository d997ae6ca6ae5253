import { asText, labelStyle, validator } from '../shared/editor/form';
import { textsOf } from '../shared/editor/texts';
import * as checks from './editor/checks';
import { close, outputsFor, prepare } from './editor/dialog';
import { chooseOnlyTenant } from './editor/tenant';

const text = textsOf('ciam-user');

RED.nodes.registerType('ciam-user', {
  category: 'network',
  color: '#3FADB5',
  icon: 'ciam-user.svg',
  defaults: {
    name: { value: '' },
    tenant: { value: '', type: 'ciam-tenant', label: text('label.tenant'), validate: validator(checks.tenant) },
    by: { value: 'mobile', label: text('label.by'), validate: validator(checks.by) },
    value: { value: 'payload', label: text('label.value'), validate: validator(checks.value) },
    valueType: { value: 'msg' },
    item: { value: '', label: text('label.item'), validate: validator(checks.item) },
    output: { value: 'payload', label: text('label.output'), validate: validator(checks.output) },
    list: { value: 'split', label: text('label.list'), validate: validator(checks.list) },
    fields: { value: '', label: text('label.fields'), validate: validator(checks.fields) },
    normalise: { value: false },
    onFailure: { value: 'output', label: text('label.onFailure'), validate: validator(checks.onFailure) },
    outputs: { value: 2 },
  },
  inputs: 1,
  outputs: 2,
  paletteLabel: text('palette'),
  inputLabels: text('port.input'),
  outputLabels(index) {
    return text(index === 0 ? 'port.found' : 'port.failed');
  },
  label() {
    const by = checks.MODES.find((mode) => mode === this['by']);
    return asText(this['name']) || text(`node.by-${by ?? 'mobile'}`);
  },
  labelStyle,
  onadd() {
    chooseOnlyTenant(this);
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave: close,
  oneditcancel: close,
});

// A flow written by hand need not say how many outputs the node shows; a second wire, if there is one, is kept.
RED.events.on('nodes:add', (node) => {
  const wires: unknown = node['wires'];
  const second: unknown = Array.isArray(wires) ? wires[1] : undefined;
  const wired = Array.isArray(second) && second.length > 0;
  if (node.type === 'ciam-user' && !wired && node.outputs !== outputsFor(node['onFailure'])) node.outputs = outputsFor(node['onFailure']);
});
