/** Who is ended by an abort, and in which order. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { type Abortable, Aborts } from '../../src/resilience/aborts';

class Entry implements Abortable<Entry> {
  before: Entry | null = null;
  after: Entry | null = null;
  constructor(readonly name: string) {}
}

interface Watched { aborts: Aborts<Entry>; controller: AbortController; ended: string[]; entries: Entry[]; of: (name: string) => Entry }

/** Entries of these names, all of one signal. */
const watch = (names: string, ended: (entry: Entry) => void = () => undefined): Watched => {
  const controller = new AbortController();
  const order: string[] = [];
  const aborts = new Aborts<Entry>((entry) => {
    order.push(entry.name);
    ended(entry);
  });
  const entries = names.split('').map((name) => new Entry(name));
  for (const entry of entries) aborts.add(controller.signal, entry);
  const of = (name: string): Entry => {
    const found = entries.find((entry) => entry.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  return { aborts, controller, ended: order, entries, of };
};

describe('aborts', () => {
  it('end everybody once, the latest first, by one listener', () => {
    const { controller, ended } = watch('abcd');
    expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(1);
    controller.abort();
    expect(ended).to.deep.equal(['d', 'c', 'b', 'a']);
  });

  for (const gone of ['a', 'c', 'd', 'ad', 'bc', 'dcb']) {
    it(`do not end those that have gone: ${gone} of abcd`, () => {
      const { aborts, controller, ended, of } = watch('abcd');
      for (const name of gone.split('')) aborts.remove(controller.signal, of(name));
      controller.abort();
      expect(ended.join('')).to.equal('dcba'.split('').filter((name) => !gone.includes(name)).join(''));
    });
  }

  it('leave no links behind in those that have gone, and take no notice of one that goes twice', () => {
    const { aborts, controller, ended, entries, of } = watch('abc');
    for (const name of ['b', 'b']) aborts.remove(controller.signal, of(name));
    expect(of('b')).to.include({ before: null, after: null });
    controller.abort();
    expect(ended).to.deep.equal(['c', 'a']);
    for (const entry of entries) expect(entry).to.include({ before: null, after: null });
  });

  it('bear that the end of one takes others along', () => {
    const { aborts, controller, ended, of } = watch('abcd', ({ name }) => {
      if (name === 'd') aborts.remove(controller.signal, of('c'));
    });
    controller.abort();
    expect(ended).to.deep.equal(['d', 'b', 'a']);
  });

  it('know one signal from another', () => {
    const { aborts, controller, ended } = watch('ab');
    const other = new AbortController();
    aborts.add(other.signal, new Entry('x'));
    controller.abort();
    expect(ended).to.deep.equal(['b', 'a']);
    other.abort();
    expect(ended).to.deep.equal(['b', 'a', 'x']);
  });
});
