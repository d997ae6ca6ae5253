/** Texts come from the catalogue only, where each node type has its own under its name. */
import { CATALOGUE } from '../catalogue';

export type NodeType = 'ciam-tenant' | 'ciam-user' | 'ciam-status';
export type Texts = (key: string, values?: CatalogueValues) => string;

export const textsOf = (type: NodeType): Texts => (key, values) => RED._(`${CATALOGUE}${type}.${key}`, values);
