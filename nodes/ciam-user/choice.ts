import { client } from '../shared/client';
import type { NodeConfig } from '../shared/red';

/** A property that takes one of a few words; the first is the default unless another one is. Throws a `CIAM.CONFIG` failure. */
export const choice = <Word extends string>(config: NodeConfig, name: string, words: readonly [Word, ...Word[]], fallback: Word = words[0]): Word => {
  const { [name]: given = fallback } = config;
  const word = words.find((one) => one === given);
  if (word === undefined) throw client().configFailure(name, 'choice', { choices: words.join(', ') });
  return word;
};
