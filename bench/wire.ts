/** What the bench's server and everybody who calls it agree on. */

export const TOKEN = 'eyJraWQiOiJiZW5jaCJ9-Zk3Yp0sV7mQ2xT9cLw4RnB8uHd5JgA1eKo6iSfXyMvNqPbDzCtGrWjUhElOa';
export const LOOKUP_PATH = '/api/v2/tenant/users/user-by-mobile';

const RELATION = { org_id: '20220117125622909-9346-35755733F', relation_type: 1 };
const RELATION_LENGTH = JSON.stringify(RELATION).length + 1;

/** A record of the size and the kind a tenant sends: about 600 bytes, some of it Chinese. `bytes`: at least this long. */
export const userJson = (bytes = 0): string => {
  const user = {
    user_id: '20220413165737132-3BA0-91FCA2CB7', org_id: '20220117125622909-9346-35755733F', user_name: 'zhangsan', name: '张三',
    mobile: '13800001111', email: 'zhangsan@example.com', pwd_must_modify: false, pwd_change_at: '2022-04-14 10:14:01.988',
    created_at: '2022-04-13 16:57:36.532', updated_at: '2022-04-14 10:14:01.979', disabled: false, grade: 1, locked: 'false',
    attr_gender: 'male', attr_birthday: '1993-08-25', extension: { age: '28', department: '研发中心' },
    user_org_relation_list: [{ ...RELATION }],
  };
  // Whoever has a long record belongs to many organisations.
  for (let length = JSON.stringify(user).length; length < bytes; length += RELATION_LENGTH) user.user_org_relation_list.push({ ...RELATION });
  return JSON.stringify(user);
};

export interface ListenOptions {
  tls?: { key: string; cert: string };
  /** Length of an answer. */
  bytes?: number;
  /** So many tokens live for a second only. */
  shortTokens?: number;
}

/** `hold`: answers no lookup as long as it is true. */
export type ServerCommand = { listen: ListenOptions } | { hold: boolean } | { usage: true };
export type ServerReply = { port: number } | { cpuMs: number; tokens: number };
