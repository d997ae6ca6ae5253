/** What the editor loads of the three nodes: one script. */
import './ciam-tenant/editor';
import './ciam-user/editor';
import './ciam-status/editor';
import { completeNumbers } from './ciam-tenant/editor/numbers';
import { completeTemplate } from './shared/editor/template';

completeTemplate('ciam-tenant', completeNumbers);
completeTemplate('ciam-user');
completeTemplate('ciam-status');
