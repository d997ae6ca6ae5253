/** The texts of the nodes as a runtime of one language has them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Red } from '../../nodes/shared/red';

export const LANGUAGES = ['en-US', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

const catalogue = (language: Language, type: string): unknown =>
  JSON.parse(readFileSync(resolve(__dirname, `../../nodes/${type}/locales/${language}/${type}.json`), 'utf8'));

/** What `RED._` does with `@ciam-flows/node-red-ciam/type:key`; a key that it does not know is given back. */
export const translator = (language: Language): Red['_'] => {
  const known = new Map<string, unknown>();
  return (path, values = {}) => {
    const [, type = '', key = path] = /\/([\w-]+):(.*)$/.exec(path) ?? [];
    if (type && !known.has(type)) known.set(type, catalogue(language, type));
    const found = key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], known.get(type));
    return typeof found === 'string' ? found.replace(/__(\w+?)__/g, (place, name: string) => String(values[name] ?? place)) : key;
  };
};
