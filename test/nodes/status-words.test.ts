/** What stands under a node for each failure there is, in both languages: it must be true of that failure. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { CATALOGUE } from '../../nodes/shared/catalogue';
import { wordsOf } from '../../nodes/shared/status';
import { createStatusLight } from '../../nodes/ciam-user/status';
import type { Status } from '../../nodes/shared/red';
import { CATEGORIES, KNOWN_CODES } from '../../src/failures/codes';
import {
  circuitFailure, closedFailure, configFailure, httpFailure, inputFailure, listFailure, type LookupFailure, networkFailure, proxyPasswordFailure, queueFullFailure,
  responseFailure, tenantFailure, timeoutFailure, tlsFailure,
} from '../../src/failures/failure';
import { PROXY_NTLM } from '../../src/failures/advice';
import { LANGUAGES, translator } from '../support/catalogue';

const tenant = (status: number, ...codes: string[]): LookupFailure[] => codes.map((code) => tenantFailure(code, status));
const http = (...statuses: number[]): LookupFailure[] => statuses.map((status) => httpFailure(status));
const network = (...systems: string[]): LookupFailure[] => systems.map((system) => networkFailure(system));
const tls = (...systems: string[]): LookupFailure[] => systems.map((system) => tlsFailure(system));

/** Whoever reads a row says whether it is true. */
const WORDS: readonly (readonly [english: string, chinese: string, failures: LookupFailure[]])[] = [
  ['not found', '未找到', tenant(400, 'USER.0001', 'IDAAS.TENANT.USER.0001')],
  ['invalid input', '输入无效', [
    inputFailure('empty'), inputFailure('kind', { kind: 'object' }, 'item'),
    ...tenant(400, 'USER.0002', 'USER.0003', 'USER.0004', 'USER.0005', 'USER.0020', 'USER.0036', 'USER.0037', 'USER.0038', 'MOBILE.0002'),
  ]],
  ['credentials refused', '认证信息被拒绝', [...tenant(401, 'invalid_client', 'unauthorized', 'unauthorized_user', 'SOME.0001'), ...tenant(400, 'invalid_token'), ...http(401)]],
  ['new token refused', '新的访问凭据被拒绝', [...tenant(400, 'invalid_token'), ...http(401)].map((failure) => failure.advised('new-token'))],
  ['sign-in not allowed for this app', '不允许该应用认证', tenant(400, 'unauthorized_client', 'invalid_scope', 'unsupported_grant_type')],
  ['not allowed: is API user_read granted?', '未获授权：是否已授予 API user_read？', [...tenant(400, 'access_denied'), ...tenant(403, 'insufficient_scope', 'SOME.0001')]],
  ['app missing or disabled', '应用不存在或已停用', tenant(400, 'APP.0001', 'APP.0002', 'APP.0003')],
  ['access denied: IP whitelist, or API user_read?', '访问被拒绝：IP 白名单或 API user_read？', http(403)],
  ['calls limited by the tenant', '被租户限流', [...http(429), ...tenant(429, 'SOME.0001')]],
  ['queue is full', '队列已满', [queueFullFailure(10)]],
  ['waited too long for its turn', '排队超时', [timeoutFailure('queueTimeout', 1)]],
  ['no answer in time', '响应超时', [timeoutFailure('timeout', 10)]],
  ['tenant does not answer', '租户无响应', [
    ...network('ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'ETIMEDOUT', 'EHOSTUNREACH', 'UNKNOWN'), networkFailure('EADDRINUSE', 'demo-start'), circuitFailure(),
  ]],
  ['host name is not known', '无法解析主机名', network('ENOTFOUND', 'EAI_AGAIN')],
  ['proxy cannot be reached', '无法连接代理', [networkFailure('ECONNREFUSED', 'proxy-unreachable'), networkFailure('ENOTFOUND', 'proxy-unreachable')]],
  ['proxy did not connect to the tenant', '代理未能连接租户', [networkFailure('PROXY_HTTP_403', 'proxy-refused'), networkFailure('PROXY_HTTP_503', 'proxy-refused')]],
  ['proxy authentication failed', '代理认证失败', [proxyPasswordFailure()]],
  ['proxy wants NTLM or Kerberos', '代理要求 NTLM 或 Kerberos', [proxyPasswordFailure(PROXY_NTLM)]],
  ['tenant is unavailable', '租户不可用', [...http(502, 503, 504), ...tenant(503, 'SOME.0001')]],
  ['tenant reports an error of its own', '租户自身出错', [...http(500, 501, 505, 520), ...tenant(500, 'SOME.0001')]],
  ['tenant is busy', '租户繁忙', [...tenant(500, 'COM.0002', 'IDAAS.TENANT.COM.0002'), ...tenant(200, 'COM.0002')]],
  ['call not taken for now', '请求暂未受理', http(408, 421, 425)],
  ['no trusted connection', '无法建立可信的连接', tls('CERT_REVOKED', 'ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')],
  ['no https at this port', '该端口不使用 https', tls('EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG')],
  ['certificate has expired', '证书已过期', tls('CERT_HAS_EXPIRED')],
  ['certificate is not valid yet', '证书尚未生效', tls('CERT_NOT_YET_VALID')],
  ['certificate of another host', '证书属于另一台主机', tls('ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH')],
  ['certificate of an unknown authority', '签发证书的 CA 未知', tls('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY')],
  ['client certificate missing or refused', '缺少客户端证书，或被拒绝', tls('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA')],
  ['answer cannot be used: is it the tenant?', '响应无法使用：对方是租户吗？', [responseFailure(200, 'not-json'), responseFailure(200, 'without', undefined, { expected: 'access_token' }), responseFailure(null, 'not-http'), responseFailure(200, 'large')]],
  ['redirected elsewhere', '重定向到别处', [responseFailure(302, 'redirect')]],
  ['no such API there', '接口不存在', http(404)],
  ['refused by the tenant', '被租户拒绝', [...http(400, 405, 410, 418), ...tenant(400, 'SOME.0001', 'invalid_request')]],
  ['a setting is missing or makes no sense', '设置缺失或有误', [configFailure('timeout', 'number'), configFailure('tenant', 'missing-tenant'), configFailure('domain', 'missing-domain'), configFailure('tls', 'tls-passphrase'), configFailure('clientId', 'quoted')]],
  ['credentials are missing', '缺少认证信息', [configFailure('clientId', 'missing-clientId'), configFailure('clientSecret', 'missing-clientSecret'), configFailure('token', 'missing-token')]],
  ['items of the list failed', '列表中有失败项', [listFailure(2, 3), listFailure(3, 3)]],
  ['flow redeployed or stopped', '流程已重新部署或停止', [closedFailure()]],
];
const ALL = WORDS.flatMap(([, , failures]) => failures);
const nameOf = ({ code, system, status, messageKey }: LookupFailure): string => [code, system, status, messageKey].filter(Boolean).join(' ');
const [english, chinese] = LANGUAGES.map((language) => translator(language));

describe('words under a node', () => {
  for (const [inEnglish, inChinese, failures] of WORDS) {
    it(`${inEnglish}: ${failures.map(nameOf).join(', ')}`, () => {
      for (const failure of failures) expect([english?.(wordsOf(failure)), chinese?.(wordsOf(failure))], nameOf(failure)).to.deep.equal([inEnglish, inChinese]);
    });
  }

  it('there are for every code and every category', () => {
    expect(ALL.map(({ code }) => code)).to.include.members([...KNOWN_CODES]);
    expect(ALL.map(({ category }) => category)).to.include.members([...CATEGORIES]);
  });

  it('of an outage are those of its last trouble', () => {
    for (const last of ALL.filter(({ category }) => category === 'unavailable' || category === 'timeout')) {
      expect(wordsOf(circuitFailure(last)), nameOf(last)).to.equal(wordsOf(last));
      expect(wordsOf(circuitFailure(last).for({ by: 'id', value: '1', tenant: 'host', attempts: 0, durationMs: 0, source: 'tenant' }))).to.equal(wordsOf(last));
    }
  });

  it('never say of whoever has answered that he does not, nor of a proxy or a page that it was the credentials', () => {
    for (const failure of ALL) {
      const words = `${english?.(wordsOf(failure)) ?? ''} ${chinese?.(wordsOf(failure)) ?? ''}`;
      if (failure.status !== null) expect(words, nameOf(failure)).to.not.match(/does not answer|in time|无响应|超时/);
      if (failure.category !== 'unauthorized') expect(words, nameOf(failure)).to.not.match(/credentials refused|认证信息被拒绝/);
      if (failure.system?.startsWith('PROXY_')) expect(words, nameOf(failure)).to.match(/^proxy .*代理/);
    }
  });

  it('of a tenant that refuses are those of the cause, and of one that waits or pauses true whatever the cause', () => {
    const shown: Status[] = [];
    for (const cause of ALL) {
      for (const state of ['refused', 'failing', 'misconfigured', 'unreachable', 'paused'] as const) {
        const light = createStatusLight({ status: (status) => void shown.push(status) }, () => ({ state, tenant: 'host', code: cause.code, since: '', heldMs: 0, failed: 0, cause }));
        light.changed();
        const waits = state === 'unreachable' || state === 'paused';
        expect(shown.at(-1)?.text, `${state} ${nameOf(cause)}`).to.equal(waits ? `${CATALOGUE}ciam-user.status.waiting-${state}` : wordsOf(cause));
        light.close();
      }
    }
  });

  it('are all in use', () => {
    for (const language of LANGUAGES) {
      const catalogue = JSON.parse(readFileSync(resolve(__dirname, `../../nodes/ciam-user/locales/${language}/ciam-user.json`), 'utf8')) as { 'ciam-user': { status: Record<string, string> } };
      const keys = ALL.map((failure) => wordsOf(failure).split('.').at(-1) ?? '');
      expect(new Set(Object.keys(catalogue['ciam-user'].status))).to.deep.equal(new Set(['found', 'paused', 'waiting-unreachable', 'waiting-paused', ...keys]));
    }
  });
});
