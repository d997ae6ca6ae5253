/** Texts come from the catalogues only: `locales/<language>/<type>.json`, under the name of the node type. */

const PACKAGE = '@ciam-flows/node-red-ciam';

export type Texts = (key: string, values?: CatalogueValues) => string;

/** A definition's `RED._` knows no namespace of its own, so the whole path is written out once, here. */
export const textsOf = (type: 'ciam-tenant' | 'ciam-user' | 'ciam-status'): Texts =>
  (key, values) => RED._(`${PACKAGE}/${type}:${type}.${key}`, values);
