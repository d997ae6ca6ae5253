import { expect } from 'chai';
import fc from 'fast-check';
import { TextDecoder } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { decodeBody } from '../../src/http/body';
import { answer, found, inTurn, type Script, type ScriptedTenant } from '../support/servers';
import { byMobile, CLIENT, closeAll, codesOf, failureOf, openTenant, startServer } from './support';

const MIB = 1024 * 1024;
const user = { user_id: '1', name: '张三 🙂', extension: { age: '28' } };

/** 张三 and 🙂 as GB18030 has them; the rest is ASCII. */
const inGb18030 = (text: string): Buffer =>
  Buffer.concat(Array.from(text, (sign) => ({ 张: Buffer.from([0xd5, 0xc5]), 三: Buffer.from([0xc8, 0xfd]), '🙂': Buffer.from([0x95, 0x30, 0x85, 0x32]) })[sign] ?? Buffer.from(sign)));

/** A record of exactly so many bytes. */
const sized = (bytes: number): string => {
  const empty = JSON.stringify({ ...user, padding: '' });
  return JSON.stringify({ ...user, padding: 'x'.repeat(bytes - Buffer.byteLength(empty)) });
};

/** Without content-length: chunked, one chunk for each part. */
const parts = (...chunks: (string | Buffer)[]): Script => (_seen, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const next = (index: number): void => {
    const chunk = chunks[index];
    if (chunk === undefined) response.end();
    else response.write(chunk, () => setImmediate(next, index + 1));
  };
  next(0);
};

describe('bodies', () => {
  let server: ScriptedTenant;
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(closeAll);

  describe('that are understood', () => {
    const json = JSON.stringify(user);
    const bytes = Buffer.from(json);
    const middle = bytes.indexOf(Buffer.from('张')) + 1;
    const emoji = bytes.indexOf(Buffer.from('🙂')) + 2;
    const readable: Record<string, Script> = {
      gzip: answer(200, gzipSync(json), { 'content-encoding': 'gzip' }),
      'x-gzip, written otherwise': answer(200, gzipSync(json), { 'content-encoding': ' X-GZIP' }),
      br: answer(200, brotliCompressSync(json), { 'content-encoding': 'br' }),
      deflate: answer(200, deflateSync(json), { 'content-encoding': 'deflate' }),
      identity: answer(200, json, { 'content-encoding': 'identity' }),
      chunked: parts(json),
      'split inside a multi-byte character': parts(bytes.subarray(0, middle), bytes.subarray(middle, emoji), bytes.subarray(emoji)),
      'byte by byte': parts(...Array.from(bytes, (byte) => Buffer.of(byte))),
      BOM: answer(200, `\ufeff${json}`),
      'blanks around': answer(200, ` \r\n\t${json}\n`),
      'wrong content type with good JSON': answer(200, json, { 'content-type': 'text/html' }),
      'another 2xx': answer(201, json),
      'an encoding that is none': answer(200, json, { 'content-encoding': 'utf-8' }),
      'an unknown encoding': answer(200, json, { 'content-encoding': 'zstd' }),
      'gzip that is none': answer(200, json, { 'content-encoding': 'gzip' }),
      'br that is none': answer(200, json, { 'content-encoding': 'br' }),
      'GB18030, which has them all': answer(200, inGb18030(json), { 'content-type': 'application/json;charset=GB18030' }),
      'GB18030, packed': answer(200, gzipSync(inGb18030(json)), { 'content-type': 'application/json; Charset = "gb18030"', 'content-encoding': 'gzip' }),
      'UTF-16': answer(200, Buffer.from(`\ufeff${json}`, 'utf16le'), { 'content-type': 'application/json; charset=utf-16le' }),
      'UTF-8 with a mark, whatever it says': answer(200, `\ufeff${json}`, { 'content-type': 'application/json; charset=GBK' }),
      'an unknown charset': answer(200, json, { 'content-type': 'application/json; charset=klingon' }),
      'a charset that is none': answer(200, json, { 'content-type': 'application/json; charset=' }),
    };
    for (const [name, script] of Object.entries(readable)) {
      it(name, async () => {
        server.onLookup = script;
        expect((await byMobile(openTenant(server), '13800001111')).user).to.deep.equal(user);
      });
    }

    it('no content type at all', async () => {
      server.onLookup = (_seen, response) => void response.end(json);
      expect((await byMobile(openTenant(server), '13800001111')).user).to.deep.equal(user);
    });

    it('escaped characters, unknown fields, null and empty ones stay as they are', async () => {
      server.onLookup = answer(200, '{"user_id":"\\u0031","name":null,"email":"","new_field":[1,{"a":[]}],"grade":1,"disabled":"false","a\\/b":"\\u003d"}');
      expect((await byMobile(openTenant(server), '13800001111')).user).to.deep.equal({ user_id: '1', name: null, email: '', new_field: [1, { a: [] }], grade: 1, disabled: 'false', 'a/b': '=' });
    });

    for (const [name, send] of Object.entries({ 'with content-length': (text: string) => answer(200, text), 'without content-length': (text: string) => parts(text) })) {
      it(`exactly 1 MiB, ${name}; one byte more is refused`, async () => {
        const tenant = openTenant(server);
        server.onLookup = send(sized(MIB));
        expect((await byMobile(tenant, '13800001111')).user.user_id).to.equal('1');
        server.onLookup = send(sized(MIB + 1));
        const failure = await failureOf(byMobile(tenant, '13800001111'));
        expect(failure).to.include({ code: 'CIAM.RESPONSE', category: 'bad-response', retryable: false, status: 200 });
        expect(failure.message).to.contain('1 MiB');
        await server.until(() => server.lookups[1]?.socket.destroyed === true);
      });
    }
  });

  it('long ones are decoded like short ones, whatever bytes they are', () => {
    const pieces = fc.array(fc.oneof(fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)), fc.uint8Array().map((bytes) => Buffer.from(bytes)), fc.constant(Buffer.from('\ufeff'))));
    fc.assert(fc.property(pieces, fc.constantFrom(undefined, 'text/plain', 'application/json;charset=UTF-8', 'a/b; charset="utf8"'), fc.constantFrom('张', 'a'), (some, type, filling) => {
      const body = Buffer.concat([...some, Buffer.from(filling.repeat(3000))]);
      expect(decodeBody(body, undefined, type)).to.equal(new TextDecoder().decode(body));
    }));
  });

  it('names in GBK', async () => {
    server.onLookup = answer(200, Buffer.concat([Buffer.from('{"user_id":"1","name":"'), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]), Buffer.from('"}')]), { 'content-type': 'application/json;charset=GBK' });
    expect((await byMobile(openTenant(server), '13800001111')).user).to.deep.equal({ user_id: '1', name: '张三' });
  });

  it('early hints of whatever length are not the answer', async () => {
    const body = JSON.stringify(user);
    server.onLookup = (seen) => void seen.socket.write(`HTTP/1.1 103 Early Hints\r\ncontent-length: ${2 * MIB}\r\nlink: </x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    expect((await byMobile(openTenant(server), '13800001111')).user).to.deep.equal(user);
  });

  const broken: Record<string, string> = {
    'a chunk size that is none': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ',
    'a length that is no number': 'HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}',
    'a length and chunks': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'a status below 100': 'HTTP/1.1 099 OK\r\ncontent-length: 2\r\n\r\n{}',
    'a 100 that nobody asked for': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}',
    'a 101 that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    'a header without a colon': 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n{}',
  };
  for (const [name, bytes] of Object.entries(broken)) {
    it(`broken HTTP, ${name}: CIAM.RESPONSE, one call`, async () => {
      server.onLookup = (seen) => void seen.socket.end(bytes);
      expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ code: 'CIAM.RESPONSE', category: 'bad-response', retryable: false });
      expect(server.lookups).to.have.length(1);
    });
  }

  it('a body that is announced as too long is not waited for', async () => {
    server.onLookup = (_seen, response) => void response.writeHead(200, { 'content-length': 2 * MIB }).write('{');
    const failure = await failureOf(byMobile(openTenant(server, { timeout: 3600 }), '13800001111'));
    expect(failure).to.include({ code: 'CIAM.RESPONSE' });
  });

  describe('that are refused', () => {
    const bomb = (compress: (data: Buffer) => Buffer): Buffer => compress(Buffer.from(sized(64 * MIB)));
    const refused: Record<string, Script> = {
      'two encodings': answer(200, gzipSync(gzipSync(JSON.stringify(user))), { 'content-encoding': 'gzip, gzip' }),
      'broken gzip': answer(200, 'not gzip', { 'content-encoding': 'gzip' }),
      'gzip cut short': answer(200, gzipSync(JSON.stringify(user)).subarray(0, 30), { 'content-encoding': 'gzip' }),
      'raw deflate': answer(200, deflateRawSync(JSON.stringify(user)), { 'content-encoding': 'deflate' }),
      'a gzip bomb': answer(200, bomb(gzipSync), { 'content-encoding': 'gzip' }),
      'a brotli bomb': answer(200, bomb((data) => brotliCompressSync(data, { params: { 1: 1 } })), { 'content-encoding': 'br' }),
      'HTML with 200': answer(200, '<!doctype html><title>Login</title>', { 'content-type': 'text/html' }),
      'empty body': answer(200, ''),
      'no content': (_seen, response) => void response.writeHead(204).end(),
      'a string': answer(200, '"user"'), 'a number': answer(200, '5'), null: answer(200, 'null'), true: answer(200, 'true'),
      'a list of users': answer(200, [user]),
      'JSON cut short': answer(200, '{"user_id":"1"'),
      'JSON and more': answer(200, '{"user_id":"1"}{"user_id":"2"}'),
      'no user_id': answer(200, { name: 'x' }), 'an empty user_id': answer(200, { user_id: '' }), 'a user_id that is none': answer(200, { user_id: null }), 'a user_id that is an object': answer(200, { user_id: {} }),
      '1 MiB of brackets': answer(200, '['.repeat(MIB)),
      '1 MiB of objects': answer(200, '{"a":'.repeat(MIB / 6)),
      'a user that holds 1 MiB of nested brackets': answer(200, `{"user_id":"1","x":${'['.repeat(MIB / 2 - 20)}${']'.repeat(MIB / 2 - 20)}}`),
      'deep nesting hidden behind quotes and escapes': answer(200, `{"user_id":"1","\\"]]":"${'\\\\'.repeat(3000)}","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      'a redirect': answer(302, '', { location: '/api/v2/tenant/users/elsewhere' }),
      'a redirect with a good user in it': answer(307, user, { location: '/elsewhere' }),
      'not modified': (_seen, response) => void response.writeHead(304).end(),
    };
    for (const [name, script] of Object.entries(refused)) {
      it(name, async () => {
        server.onLookup = inTurn(script, found);
        const tenant = openTenant(server, { concurrency: 1 });
        const failure = await failureOf(byMobile(tenant, '13800001111'));
        expect(failure).to.include({ code: 'CIAM.RESPONSE', category: 'bad-response', retryable: false });
        expect(failure.lookup?.attempts).to.equal(1);
        expect((await byMobile(tenant, '13800002222')).user.user_id, 'the next one').to.equal('id of 13800002222');
        expect(server.lookups).to.have.length(2);
      });
    }

    it('a redirect is never followed, and no header goes elsewhere, in the token call neither', async () => {
      const other = await startServer();
      server.onToken = answer(307, '', { location: `${other.url}/api/v2/tenant/token` });
      expect(await codesOf([byMobile(openTenant(server, CLIENT), '13800001111')])).to.deep.equal(['CIAM.RESPONSE']);
      server.onLookup = answer(308, '', { location: `${other.url}/api/v2/tenant/users/user-by-mobile` });
      expect(await codesOf([byMobile(openTenant(server), '13800001111')])).to.deep.equal(['CIAM.RESPONSE']);
      expect(other.connections).to.equal(0);
    });
  });

  describe('from 400 on, with no recognised body: CIAM.HTTP.<status>', () => {
    const bodies: Record<string, Script> = {
      'too long': (_seen, response) => void response.writeHead(503, { 'content-length': 2 * MIB }).end('x'.repeat(2 * MIB)),
      'too long without content-length': (_seen, response) => {
        response.writeHead(503);
        for (let part = 0; part < 40; part++) response.write('x'.repeat(65_536));
        response.end();
      },
      'of an unknown encoding': answer(503, 'x', { 'content-encoding': 'zstd' }),
      HTML: answer(503, '<html>'),
      'that is a user': answer(503, user),
      'of nested brackets': answer(503, '['.repeat(100_000)),
    };
    for (const [name, script] of Object.entries(bodies)) {
      it(`a body ${name}`, async () => {
        server.onLookup = script;
        expect(await failureOf(byMobile(openTenant(server, { retries: 0 }), '13800001111'))).to.include({ code: 'CIAM.HTTP.503', category: 'unavailable', retryable: true, status: 503 });
      });
    }
    for (const encoding of ['utf-8', 'gzip', 'br', 'zstd', 'gzip, gzip', 'constructor']) {
      it(`a not-found that says it is ${encoding} keeps its code`, async () => {
        server.onLookup = answer(400, { error_code: 'USER.0001' }, { 'content-encoding': encoding });
        expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ code: 'USER.0001', category: 'not-found' });
      });
    }
    it('a packed error body is read', async () => {
      server.onLookup = answer(400, gzipSync(JSON.stringify({ error_code: 'USER.0001' })), { 'content-encoding': 'gzip' });
      expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ code: 'USER.0001', category: 'not-found' });
    });
  });

  it('an error body inside a 200 is a failure', async () => {
    server.onLookup = answer(200, { error_code: 'IDAAS.TENANT.USER.0001', error_msg: 'User not found' });
    expect(await failureOf(byMobile(openTenant(server), '13800001111'))).to.include({ code: 'IDAAS.TENANT.USER.0001', category: 'not-found', status: 200 });
  });

  for (const [name, key] of Object.entries({ plain: '__proto__', escaped: '\\u005f\\u005fproto__', 'escaped in capitals': '\\u005F_proto\\u005f_', 'escaped letters': '__\\u0070roto__' })) {
    it(`a __proto__ key is harmless: ${name}`, async () => {
      server.onLookup = answer(200, `{"user_id":"1","${key}":{"polluted":true},"extension":{"${key}":{"polluted":true},"age":"28"},"list":[{"${key}":{"polluted":true}}]}`);
      const { user: given } = await byMobile(openTenant(server), '13800001111');
      const copies = [given, Object.assign({}, given), { ...given }, Object.assign({}, given.extension), structuredClone(given)] as Record<string, unknown>[];
      for (const copy of copies) {
        expect(copy.polluted).to.equal(undefined);
        expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
      }
      expect(JSON.stringify(given)).to.equal('{"user_id":"1","extension":{"age":"28"},"list":[{}]}');
      expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
    });
  }

  it('a long record stalls nothing: strings full of brackets and quotes are no nesting', async () => {
    const name = '[{"'.repeat(50_000);
    server.onLookup = answer(200, { user_id: '1', name });
    expect((await byMobile(openTenant(server), '13800001111')).user.name).to.equal(name);
  });
});
