/** The texts of the nodes as a runtime of one language has them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CATALOGUE } from '../../nodes/shared/catalogue';
import type { Red } from '../../nodes/shared/red';

export const LANGUAGES = ['en-US', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

const catalogue = (language: Language): unknown =>
  Object.assign({}, ...['ciam-tenant', 'ciam-user', 'ciam-status'].map((type) =>
    JSON.parse(readFileSync(resolve(__dirname, `../../nodes/${type}/locales/${language}/${type}.json`), 'utf8')) as object));

/** What `RED._` does with a key of the catalogue; one that it does not know is given back. */
export const translator = (language: Language): Red['_'] => {
  const texts = catalogue(language);
  return (path, values = {}) => {
    if (!path.startsWith(CATALOGUE)) return path;
    const key = path.slice(CATALOGUE.length);
    const found = key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], texts);
    return typeof found === 'string' ? found.replace(/__(\w+?)__/g, (place, name: string) => String(values[name] ?? place)) : key;
  };
};
