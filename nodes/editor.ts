/** What the editor loads of the three nodes: one script. */
import './ciam-tenant/editor';
import './ciam-user/editor';
import './ciam-status/editor';
