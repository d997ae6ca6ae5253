/**
 * `npm run faults`: makes each of the faults below in a real Node-RED, and writes into docs/trouble.md what log and canvas say of it,
 * in both languages. A test says whether the pages are up to date, and that no two faults look the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Authority, createAuthority } from '../test/support/certificates';
import { LANGUAGES, type Language, translator } from '../test/support/catalogue';
import type { ConnectionTestAnswer } from '../test/support/connection-test';
import { startConnectProxy } from '../test/support/connect-proxy';
import { type DebugMessage, type FlowNode, type Major, type NodeRed, startNodeRed, type Status } from '../test/support/runtime';
import { answer, found, type Script, ScriptedTenant, silent } from '../test/support/servers';

const root = resolve(__dirname, '..');

type State = 'unknown' | 'ready' | 'failing' | 'refused' | 'misconfigured';
interface Fault {
  name: Record<Language, string>;
  tenant?: object;
  credentials?: Record<string, string>;
  /** What the lookup node has besides its tenant. */
  user?: object;
  /** What the warm-up makes of the tenant, before any message. */
  state: State;
  tls?: { properties?: object; credentials?: Record<string, string> };
  proxy?: { url: string; credentials?: Record<string, string> };
  /** There is no tenant node. */
  absent?: true;
  /** Another message is under way, which this server holds back. */
  held?: ScriptedTenant;
}

const CLIENT = { clientId: 'app-7Q2W', clientSecret: 'a-secret-that-is-long' };
/** Outside the ports that the system gives away: one that was free a moment ago may be another server's by now. */
const NOBODYS_PORT = 1;
const HTML = '<html><head><title>Sign in</title></head></html>';
const inHtml = { 'content-type': 'text/html' };

interface Stage {
  faults: Fault[];
  close: () => Promise<void>;
}

/** The servers and proxies, and the faults that they make. */
const stage = async (): Promise<Stage> => {
  const closing: (() => Promise<void>)[] = [];
  const authority = await createAuthority('Authority of the tests');
  const serve = async (scripts: { token?: Script; lookup?: Script } = {}, tls?: Parameters<typeof ScriptedTenant.start>[0]): Promise<ScriptedTenant> => {
    const server = await ScriptedTenant.start(tls);
    if (scripts.token) server.onToken = scripts.token;
    if (scripts.lookup) server.onLookup = scripts.lookup;
    closing.push(() => server.close());
    return server;
  };
  const plain = async (scripts: Parameters<typeof serve>[0] = {}): Promise<string> => (await serve(scripts)).url;
  const secure = async (options: Parameters<Authority['server']>[0] = {}, more: object = {}): Promise<string> =>
    `127.0.0.1:${(await serve({}, { tls: { ...await authority.server(options), ...more } })).port}`;
  const proxyThat = async (reaction: number, offers = 'Basic realm="test"'): Promise<string> => {
    const proxy = await startConnectProxy();
    Object.assign(proxy, { reaction, offers });
    closing.push(() => proxy.close());
    return proxy.url;
  };
  const good = await secure();
  const trusted = { credentials: { cadata: authority.cert } };
  const locked = await authority.client('flow', { passphrase: 'sesame' });
  const other = await authority.client('other');
  const busy = await serve();
  const healthy = await plain();

  const faults: Fault[] = [
    { name: { 'en-US': 'The host name is misspelt', 'zh-CN': '主机名写错' }, tenant: { domain: 'no-such-host.invalid' }, state: 'failing' },
    { name: { 'en-US': 'Nobody listens at that port', 'zh-CN': '端口上没有服务' }, tenant: { domain: `127.0.0.1:${NOBODYS_PORT}` }, state: 'failing' },
    { name: { 'en-US': 'The port speaks no https: a simulator without `http://`', 'zh-CN': '端口不使用 https：模拟器地址缺少 `http://`' }, tenant: { domain: healthy.slice('http://'.length) }, state: 'refused' },
    { name: { 'en-US': 'A firewall cuts every connection', 'zh-CN': '防火墙切断每个连接' }, tenant: { domain: await plain({ token: (seen) => seen.socket.destroy() }) }, state: 'failing' },
    { name: { 'en-US': 'The tenant is silent, or a firewall drops every packet', 'zh-CN': '租户不响应，或防火墙丢弃每个数据包' }, tenant: { domain: await plain({ token: silent }) }, state: 'failing' },
    { name: { 'en-US': '503 with a maintenance page', 'zh-CN': '503 和维护页面' }, tenant: { domain: await plain({ token: answer(503, HTML, inHtml) }) }, state: 'failing' },
    { name: { 'en-US': 'The certificate has expired', 'zh-CN': '证书已过期' }, tenant: { domain: await secure({ expired: true }) }, tls: trusted, state: 'refused' },
    { name: { 'en-US': 'The clock of this machine is behind', 'zh-CN': '本机时钟偏慢' }, tenant: { domain: await secure({ early: true }) }, tls: trusted, state: 'refused' },
    { name: { 'en-US': 'The certificate is that of another host', 'zh-CN': '证书属于另一台主机' }, tenant: { domain: await secure({ names: ['other.example.com'] }) }, tls: trusted, state: 'refused' },
    { name: { 'en-US': 'The authority of the certificate is unknown', 'zh-CN': '签发证书的 CA 未知' }, tenant: { domain: good }, state: 'refused' },
    { name: { 'en-US': 'The tenant wants a client certificate', 'zh-CN': '租户要求客户端证书' }, tenant: { domain: await secure({}, { ca: authority.cert, requestCert: true, rejectUnauthorized: true }) }, tls: trusted, state: 'refused' },
    { name: { 'en-US': 'The passphrase of the key is wrong', 'zh-CN': '私钥的密码有误' }, tenant: { domain: good }, tls: { credentials: { certdata: locked.cert, keydata: locked.key, passphrase: 'barley' } }, state: 'misconfigured' },
    { name: { 'en-US': 'The key belongs to another certificate', 'zh-CN': '私钥属于另一张证书' }, tenant: { domain: good }, tls: { credentials: { certdata: other.cert, keydata: (await authority.client('third')).key } }, state: 'misconfigured' },
    { name: { 'en-US': 'The proxy is away', 'zh-CN': '代理不可用' }, tenant: { domain: good }, tls: trusted, proxy: { url: `http://127.0.0.1:${NOBODYS_PORT}` }, state: 'failing' },
    { name: { 'en-US': 'The proxy does not allow the tenant', 'zh-CN': '代理不允许访问租户' }, tenant: { domain: good }, tls: trusted, proxy: { url: await proxyThat(403) }, state: 'failing' },
    { name: { 'en-US': 'The proxy refuses the password', 'zh-CN': '代理拒绝密码' }, tenant: { domain: good }, tls: trusted, proxy: { url: await proxyThat(407), credentials: { username: 'me', password: 'wrong' } }, state: 'refused' },
    { name: { 'en-US': 'The proxy wants NTLM', 'zh-CN': '代理要求 NTLM' }, tenant: { domain: good }, tls: trusted, proxy: { url: await proxyThat(407, 'NTLM') }, state: 'refused' },
    { name: { 'en-US': 'The client secret is wrong', 'zh-CN': 'ClientSecret 有误' }, tenant: { domain: await plain({ token: answer(401, { error: 'invalid_client' }) }) }, state: 'refused' },
    { name: { 'en-US': 'A strict server takes no such secret in the header', 'zh-CN': '严格的服务器不接受请求头中的此类 ClientSecret' }, tenant: { domain: await plain({ token: answer(400, { error: 'invalid_request' }) }) }, state: 'refused' },
    { name: { 'en-US': 'The app may not use client credentials', 'zh-CN': '应用不得使用客户端凭据模式' }, tenant: { domain: await plain({ token: answer(400, { error: 'unauthorized_client' }) }) }, state: 'refused' },
    { name: { 'en-US': 'The fixed token was revoked', 'zh-CN': '固定的访问凭据已吊销' }, tenant: { auth: 'token', domain: await plain({ lookup: answer(401, { error: 'invalid_token' }) }) }, credentials: { token: 'a-token-of-yesterday' }, state: 'unknown' },
    { name: { 'en-US': 'A gateway refuses the tokens that the tenant grants', 'zh-CN': '网关拒绝租户发放的访问凭据' }, tenant: { domain: await plain({ lookup: answer(401, { error: 'unauthorized' }) }) }, state: 'ready' },
    { name: { 'en-US': 'The client id holds a colon', 'zh-CN': 'ClientId 含有冒号' }, tenant: { domain: healthy }, credentials: { ...CLIENT, clientId: 'app:7Q2W' }, state: 'misconfigured' },
    { name: { 'en-US': 'Quotes stand round the client secret', 'zh-CN': 'ClientSecret 两端有引号' }, tenant: { domain: healthy }, credentials: { ...CLIENT, clientSecret: `"${CLIENT.clientSecret}"` }, state: 'misconfigured' },
    { name: { 'en-US': 'A variable is not set', 'zh-CN': '环境变量未设置' }, tenant: { domain: healthy }, credentials: { ...CLIENT, clientId: '${CIAM_NOT_SET}' }, state: 'misconfigured' },
    { name: { 'en-US': 'No credentials, as after an import', 'zh-CN': '没有认证信息（导入后常见）' }, tenant: { domain: healthy }, credentials: {}, state: 'misconfigured' },
    { name: { 'en-US': 'A number makes no sense', 'zh-CN': '数值不合理' }, tenant: { domain: healthy, timeout: 'soon' }, state: 'misconfigured' },
    { name: { 'en-US': 'The tenant node is missing or disabled', 'zh-CN': '租户节点不存在或已禁用' }, absent: true, state: 'misconfigured' },
    { name: { 'en-US': 'The domain leads to a login page', 'zh-CN': '域名指向登录页面' }, tenant: { domain: await plain({ token: answer(200, HTML, inHtml) }) }, state: 'refused' },
    { name: { 'en-US': 'The domain is that of another API', 'zh-CN': '域名属于另一个 API' }, tenant: { domain: await plain({ token: answer(200, { status: 'ok' }) }) }, state: 'refused' },
    { name: { 'en-US': 'The domain redirects elsewhere', 'zh-CN': '域名重定向到别处' }, tenant: { domain: await plain({ token: answer(302, '', { location: 'https://login.example.com/' }) }) }, state: 'refused' },
    { name: { 'en-US': 'The domain is that of another web server', 'zh-CN': '域名属于另一个网站' }, tenant: { domain: await plain({ token: answer(404, HTML, inHtml) }) }, state: 'refused' },
    { name: { 'en-US': 'The API is not granted to the app', 'zh-CN': '应用未获 API 授权' }, tenant: { domain: await plain({ lookup: answer(403, { error: 'access_denied' }) }) }, state: 'ready' },
    { name: { 'en-US': 'The address is not on the IP whitelist', 'zh-CN': '地址不在 IP 白名单中' }, tenant: { domain: await plain({ lookup: answer(403, '') }) }, state: 'ready' },
    { name: { 'en-US': 'The tenant does not offer this lookup', 'zh-CN': '租户不提供此种查询' }, tenant: { domain: await plain({ lookup: answer(404, '') }) }, state: 'ready' },
    { name: { 'en-US': 'A gateway answers lookups with a page', 'zh-CN': '网关以网页回复查询' }, tenant: { domain: await plain({ lookup: answer(200, HTML, inHtml) }) }, state: 'ready' },
    { name: { 'en-US': '429 with `Retry-After: 30`', 'zh-CN': '429，`Retry-After: 30`' }, tenant: { domain: await plain({ lookup: answer(429, '', { 'retry-after': '30' }) }) }, state: 'ready' },
    { name: { 'en-US': 'Maintenance of an hour: 503 with `Retry-After: 3600`', 'zh-CN': '维护一小时：503，`Retry-After: 3600`' }, tenant: { domain: await plain({ lookup: answer(503, '', { 'retry-after': '3600' }) }) }, state: 'ready' },
    { name: { 'en-US': 'More messages come than the queue takes', 'zh-CN': '消息多于队列上限' }, tenant: { domain: busy.url, concurrency: 1, queueLimit: 0 }, held: busy, state: 'ready' },
    { name: { 'en-US': 'One lookup always breaks', 'zh-CN': '某个查询总是出错' }, tenant: { domain: await plain({ lookup: (seen, response) => (seen.value === VALUE ? answer(500, '') : found)(seen, response) }) }, state: 'ready' },
    { name: { 'en-US': 'The second output leads nowhere', 'zh-CN': '第二个输出端没有连线' }, tenant: { domain: await plain({ lookup: answer(200, { locked: true }) }) }, user: { wires: [[], []] }, state: 'ready' },
  ];
  return { faults, close: async () => {
    await Promise.all(closing.map((close) => close()));
  } };
};

const VALUE = '13800001111';
/** On the canvas: Node-RED takes what has no place for a config node. */
const PLACE = { z: 'tab', x: 100, y: 100 };
const TLS_NODE = { type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '', servername: '', verifyservercert: true, alpnprotocol: '' };

/** Seconds: an outage or a pause is to show itself soon; what answers, with so many handshakes at once, is to have its time. */
const [SHORT, PATIENT] = [2, 30];

const id = (part: string, number: number): string => `${part}-${number}`;
/** As the log shows it. To Node-RED a config node whose name is its id depends on itself. */
const nameOf = (part: string, number: number): string => `${part} ${number}`;

const flowOf = ({ tenant = {}, credentials = CLIENT, user = {}, state, tls, proxy, absent }: Fault, number: number): FlowNode[] => {
  const named = (part: string): string => id(part, number);
  const click = (from: string, to: string, payload: string): FlowNode =>
    ({ id: named(from), type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload, payloadType: 'str', repeat: '', once: false, wires: [[named(to)]] });
  const debug = (part: string): FlowNode => ({ id: named(part), type: 'debug', ...PLACE, active: true, tosidebar: true, complete: 'true', targetType: 'full', wires: [] });
  return [
    ...(absent ? [] : [{
      id: named('tenant'), name: nameOf('tenant', number), type: 'ciam-tenant', auth: 'client-credentials', timeout: state === 'refused' ? PATIENT : SHORT, credentials,
      ...(tls && { tls: named('tls') }), ...(proxy && { proxy: named('proxy') }), ...tenant,
    }]),
    ...(tls ? [{ ...TLS_NODE, id: named('tls'), ...tls.properties, credentials: tls.credentials ?? {} }] : []),
    ...(proxy ? [{ id: named('proxy'), type: 'http proxy', name: '', url: proxy.url, noproxy: [], credentials: proxy.credentials ?? {} }] : []),
    click('go', 'user', VALUE), click('hold', 'holder', '13800002222'),
    { id: named('user'), name: nameOf('user', number), type: 'ciam-user', ...PLACE, tenant: named('tenant'), wires: [[named('out')], [named('out')]], ...user },
    { id: named('holder'), name: '', type: 'ciam-user', ...PLACE, tenant: named('tenant'), onFailure: 'output', wires: [[named('ignored')], [named('ignored')]] },
    { id: named('status'), name: '', type: 'ciam-status', ...PLACE, tenant: named('tenant'), wires: [[named('told')]] },
    debug('out'), debug('told'), { id: named('ignored'), type: 'junction', ...PLACE, wires: [[]] },
  ];
};

interface Line { level: string; text: string }
/** What a person sees of one fault. */
export interface Sight {
  name: string;
  log: Line[];
  /** Of the lookup node. */
  status: string;
  /** What ciam-status has told, but for `unknown`, which is the state of every tenant at first. */
  events: string[];
  /** Under the ciam-status node. */
  state: string;
  failure: { code: string; system?: string; message: string; advice: string } | null;
  /** What Test connection says to do, of a tenant that is deployed. */
  tested: string | null;
}

const linesOf = (log: string, name: string): Line[] =>
  [...log.matchAll(/ - \[(info|warn|error)\] \[[\w-]+:([\w -]+)\] (.*)$/gm)].filter(([, , own]) => own === name).map(([, level = '', , text = '']) => ({ level, text }));

/** Ports differ from run to run, and who resolves names says it in two ways. */
const normal = (text: string): string => text.replace(/127\.0\.0\.1:\d+/g, 'tenant.example.com').replace('EAI_AGAIN', 'ENOTFOUND').replace(/(\d+)\.\d+( s|\s?秒)/g, '$1$2');
const firstSentence = (text: string): string => /^.*?(?:。|\.(?=\s)|$)/.exec(text)?.[0] ?? text;

const DOTS: Record<string, string> = { dot: '●', ring: '○' };
const COLOURS: Record<string, Record<Language, string>> = {
  red: { 'en-US': 'red', 'zh-CN': '红' }, yellow: { 'en-US': 'yellow', 'zh-CN': '黄' }, green: { 'en-US': 'green', 'zh-CN': '绿' }, grey: { 'en-US': 'grey', 'zh-CN': '灰' }, blue: { 'en-US': 'blue', 'zh-CN': '蓝' },
};

/** The words of what refuses, and of what makes no sense, are those of its cause. */
const isOf = (state: string, { fill, text = '' }: Status = {}): boolean =>
  (state === 'refused' || state === 'misconfigured' ? fill === 'red' : text.endsWith(`ciam-status.status.${state}`));

/** Test connection, as the dialog asks for it with nothing changed on screen. */
const testedBy = async (red: NodeRed, tenant: string, language: Language): Promise<string> => {
  const response = await fetch(`${red.url}ciam-tenant/${tenant}/test`, { method: 'POST', headers: { 'content-type': 'application/json', 'accept-language': language }, body: '{}' });
  const { error } = await response.json() as ConnectionTestAnswer;
  return error ? normal(error.advice) : '';
};

/** Sends the message of one fault when its tenant has come to rest, and gathers what there is to see. */
const look = async (red: NodeRed, { name, state, held, user }: Fault, number: number, language: Language): Promise<Sight> => {
  const translate = translator(language);
  const named = (part: string): string => id(part, number);
  const told = (): string[] => red.debug.filter((line) => line.id === named('told')).map(({ msg }) => (msg as { topic: string }).topic);
  const statusOf = (part: string): string => {
    const { fill = '', shape = '', text = '' } = red.status.get(named(part)) ?? {};
    return `${DOTS[shape] ?? ''} ${COLOURS[fill]?.[language] ?? ''}: ${translate(text)}`;
  };
  const lines = (part: string): Line[] => linesOf(red.log(), nameOf(part, number));
  await red.until(() => (told().at(-1) === state ? true : undefined), `${name['en-US']}: ${state}`);
  if (held) {
    const [holding] = [held.hold()];
    await red.inject(named('hold'));
    await held.until(() => holding.length === 1);
  }
  await red.inject(named('go'));
  const outcome = await red.until((): DebugMessage | true | undefined => (user ? lines('user').length > 0 || undefined : red.debug.find((line) => line.id === named('out'))), `${name['en-US']}: outcome`);
  const { error } = outcome === true ? { error: undefined } : outcome.msg as { error?: { code: string; system?: string; message: string; advice: string } };
  if (!error && !user) throw new Error(`${name['en-US']}: there is no failure`);
  await red.until(() => (red.status.get(named('user'))?.fill === 'blue' ? undefined : true), `${name['en-US']}: the end of blue`);
  const events = told().filter((event, index, all) => event !== 'unknown' && event !== all[index - 1]);
  // The status of ciam-status may be a quarter of a second late.
  const last = events.at(-1) ?? 'unknown';
  await red.until(() => (isOf(last, red.status.get(named('status'))) ? true : undefined), `${name['en-US']}: status of ${last}`);
  // Each event is a line, and the log comes on a way of its own.
  await red.until(() => (lines('tenant').length + lines('user').length >= events.length ? true : undefined), `${name['en-US']}: ${events.length} lines`);
  return {
    name: name[language],
    log: [...lines('tenant'), ...lines('user')].map((line) => ({ ...line, text: normal(line.text) })),
    status: statusOf('user'), events, state: statusOf('status'),
    failure: error ? { code: error.code, ...(error.system !== undefined && { system: normal(error.system) }), message: normal(error.message), advice: normal(firstSentence(error.advice)) } : null,
    tested: null,
  };
};

const LANG: Record<Language, string> = { 'en-US': 'en_US.UTF-8', 'zh-CN': 'zh_CN.UTF-8' };

/** All faults at once, in one Node-RED that finds this language in `LANG`. */
export const sights = async (language: Language, major: Major = 5, lang = LANG[language]): Promise<Sight[]> => {
  const { faults, close } = await stage();
  try {
    const flows = [{ id: 'tab', type: 'tab', label: 'Faults' }, ...faults.flatMap(flowOf)];
    const red = await startNodeRed({ major, flows, env: { LANG: lang, LC_ALL: undefined, LC_MESSAGES: undefined } });
    try {
      const seen = await Promise.all(faults.map((fault, number) => look(red, fault, number, language)));
      // One after the other: the route takes four at once.
      for (const [number, sight] of seen.entries()) if (!faults[number]?.absent) sight.tested = await testedBy(red, id('tenant', number), language);
      return seen;
    } finally {
      await red.stop();
    }
  } finally {
    await close();
  }
};

const PAGES: Record<Language, { path: string; header: string }> = {
  'en-US': { path: 'docs/trouble.md', header: '| fault | log | lookup node | ciam-status | failure of a message |' },
  'zh-CN': { path: 'docs/trouble.zh-CN.md', header: '| 故障 | 日志 | 查询节点 | ciam-status | 消息的失败 |' },
};

const cell = (text: string): string => text.replaceAll('|', '\\|');
const rowOf = ({ name, log, status, events, state, failure }: Sight): string => [
  name,
  log.map(({ level, text }) => `\`${level}\` ${text}`).join('<br>'),
  status,
  `${events.map((event) => `\`${event}\``).join(' → ')}<br>${state}`,
  failure ? `\`${failure.code}\`${failure.system === undefined ? '' : ` (\`${failure.system}\`)`}<br>${failure.advice}` : '—',
].reduce((row, text) => `${row} ${cell(text)} |`, '|');

const MARKS = /(<!-- faults -->\n)[\s\S]*?(<!-- \/faults -->)/;

/** A page as it is to be. */
export const page = (language: Language, seen: readonly Sight[]): { path: string; text: string } => {
  const { path, header } = PAGES[language];
  const table = [header, `|${'---|'.repeat(5)}`, ...seen.map(rowOf)].join('\n');
  return { path, text: readFileSync(join(root, path), 'utf8').replace(MARKS, (_all, begin: string, end: string) => `${begin}\n${table}\n\n${end}`) };
};

const write = async (): Promise<void> => {
  for (const language of LANGUAGES) {
    const { path, text } = page(language, await sights(language));
    writeFileSync(join(root, path), text);
  }
};

if (require.main === module) void write();
