/** One rate for several Node-RED: the function `ciamPace` of the settings file. */
import { expect } from 'chai';
import { deployWith, helper, startServer, tearDown } from './support';

describe('ciamPace of the settings file', () => {
  afterEach(async () => {
    helper.settings({ ciamPace: undefined });
    await tearDown();
  });

  it('reserves a place for each call, and tells which tenant it is for', async () => {
    const asked: [string, number][] = [];
    helper.settings({ ciamPace: (tenant: string, calls: number) => {
      asked.push([tenant, calls]);
      return Promise.resolve(0);
    } });
    const server = await startServer();
    const flow = await deployWith(server, {});
    expect((await flow.send({ payload: '13800001111' })).port).to.equal('found');
    expect(asked).to.deep.equal([[new URL(server.url).host, 1]]);
  });

  it('that is no function makes every message fail, and the message names it', async () => {
    helper.settings({ ciamPace: 50 });
    const flow = await deployWith(await startServer(), {});
    const { message } = await flow.send({ payload: '13800001111' });
    expect(message.error).to.include({ code: 'CIAM.CONFIG' });
    expect((message.error as { message: string }).message).to.match(/^pace: /);
  });
});
