import { asText, labelStyle, validator } from '../shared/editor/form';
import { textsOf } from '../shared/editor/texts';
import * as checks from './editor/checks';
import { close, prepare } from './editor/dialog';
import { DEFAULTS, NUMBER_NAMES, NUMBERS, SWITCHES } from '../../src/settings/schema';

const text = textsOf('ciam-tenant');

const numbers = Object.fromEntries(NUMBER_NAMES.map((name) =>
  [name, { value: NUMBERS[name].default, label: text(`label.${name}`), validate: validator(checks.number(name)) }]));

RED.nodes.registerType('ciam-tenant', {
  category: 'config',
  color: '#3FADB5',
  icon: 'ciam-tenant.svg',
  // The Flow Library reads the type and the category off this literal: no identifier, no spread in it.
  defaults: Object.assign({
    name: { value: '' },
    demo: { value: SWITCHES.demo.default },
    domain: { value: '', label: text('label.domain'), validate: validator(checks.domain) },
    auth: { value: DEFAULTS.auth, label: text('label.auth'), validate: validator(checks.auth) },
    clientAuth: { value: DEFAULTS.clientAuth, label: text('label.clientAuth'), validate: validator(checks.clientAuth) },
    tls: { value: '', type: 'tls-config', required: false, label: text('label.tls') },
    proxy: { value: '', type: 'http proxy', required: false, label: text('label.proxy') },
    warmUp: { value: SWITCHES.warmUp.default, label: text('label.warmUp') },
  }, numbers, {
    timezone: { value: DEFAULTS.timezone, label: text('label.timezone'), validate: validator(checks.timezone) },
  }),
  credentials: {
    token: { type: 'password', label: text('label.token'), validate: validator(checks.token) },
    clientId: { type: 'password', label: text('label.clientId'), validate: validator(checks.clientId) },
    clientSecret: { type: 'password', label: text('label.clientSecret'), validate: validator(checks.clientSecret) },
  },
  paletteLabel: text('palette'),
  label() {
    return asText(this['name']) || (this['demo'] === true ? text('node.demo') : asText(this['domain'])) || text('palette');
  },
  labelStyle,
  oneditprepare() {
    prepare(this);
  },
  oneditsave: close,
  oneditcancel: close,
  oneditdelete: close,
});
