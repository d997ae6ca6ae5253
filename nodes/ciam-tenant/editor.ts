import { asText, validator } from '../shared/editor/form';
import { textsOf } from '../shared/editor/texts';
import * as checks from './editor/checks';
import { close, prepare } from './editor/dialog';
import { NUMBERS } from '../../src/settings/schema';

const text = textsOf('ciam-tenant');

RED.nodes.registerType('ciam-tenant', {
  category: 'config',
  color: '#3FADB5',
  icon: 'ciam-tenant.svg',
  defaults: {
    name: { value: '' },
    demo: { value: false },
    domain: { value: '', label: text('label.domain'), validate: validator(checks.domain) },
    auth: { value: 'client-credentials', label: text('label.auth'), validate: validator(checks.oneOf('client-credentials', 'token')) },
    clientAuth: { value: 'basic', label: text('label.clientAuth'), validate: validator(checks.oneOf('basic', 'body')) },
    tls: { value: '', type: 'tls-config', required: false, label: text('label.tls') },
    proxy: { value: '', type: 'http proxy', required: false, label: text('label.proxy') },
    timeout: { value: NUMBERS.timeout.default, label: text('label.timeout'), validate: validator(checks.number('timeout')) },
    queueTimeout: { value: NUMBERS.queueTimeout.default, label: text('label.queueTimeout'), validate: validator(checks.number('queueTimeout')) },
    retries: { value: NUMBERS.retries.default, label: text('label.retries'), validate: validator(checks.number('retries')) },
    concurrency: { value: NUMBERS.concurrency.default, label: text('label.concurrency'), validate: validator(checks.number('concurrency')) },
    queueLimit: { value: NUMBERS.queueLimit.default, label: text('label.queueLimit'), validate: validator(checks.number('queueLimit')) },
    rateLimit: { value: NUMBERS.rateLimit.default, label: text('label.rateLimit'), validate: validator(checks.number('rateLimit')) },
    cacheTtl: { value: NUMBERS.cacheTtl.default, label: text('label.cacheTtl'), validate: validator(checks.number('cacheTtl')) },
    cacheMissTtl: { value: NUMBERS.cacheMissTtl.default, label: text('label.cacheMissTtl'), validate: validator(checks.number('cacheMissTtl')) },
    cacheSize: { value: NUMBERS.cacheSize.default, label: text('label.cacheSize'), validate: validator(checks.number('cacheSize')) },
    timezone: { value: '+08:00', label: text('label.timezone'), validate: validator(checks.timezone) },
  },
  credentials: {
    token: { type: 'password', label: text('label.token'), validate: validator(checks.token) },
    clientId: { type: 'password', label: text('label.clientId'), validate: validator(checks.clientId) },
    clientSecret: { type: 'password', label: text('label.clientSecret'), validate: validator(checks.clientSecret) },
  },
  paletteLabel: text('palette'),
  label() {
    return asText(this['name']) || (this['demo'] === true ? text('node.demo') : asText(this['domain'])) || text('palette');
  },
  labelStyle() {
    return this['name'] ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave: close,
  oneditcancel: close,
  oneditdelete: close,
});
