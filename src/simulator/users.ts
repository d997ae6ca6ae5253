/** The users of the demo tenant, and how they are found. */
import { MOBILE, USERNAME } from './table';

export interface UserRecord {
  readonly user_id: string;
  readonly [field: string]: unknown;
}

/** The example of the published CIAM document "Get User Details by Mobile Number". The OneAccess document has another zhangsan; here there is one. */
const CIAM_USER: UserRecord = {
  user_name: USERNAME.found,
  user_id: '20220126153857263-A04D-60E0D446C',
  name: '张三',
  mobile: MOBILE.found,
  email: '15200000000@qq.com',
  pwd_change_at: '2022-02-15 12:23:23',
  created_at: '2022-02-10 12:23:23',
  updated_at: '2022-02-15 12:23:23',
  disabled: false,
  attr_gender: 'male',
  attr_birthday: '2022-02-17',
  attr_nick_name: '张三',
  mailing_address: '湖北省武汉市',
  zip_code: '430000',
  first_name: '',
  middle_name: '',
  last_name: '',
  industry: '事业单位',
  external_id: '12345678741d29069abcdef089d4q87sk12',
  usr_auth_times: '4',
  usr_last_login: '2022-02-17 13:00:25',
  extension: { age: '28' },
  head_img: 'https://........',
};

const ORG = '20220117125622909-9346-35755733F';
/** Disabled and locked, with EIAM's quirks: mobile with dialling code, `locked` as a string, times with milliseconds. */
const EIAM_USER: UserRecord = {
  user_id: '20220513091530215-7C2E-4B81D9F3A',
  org_id: ORG,
  user_name: USERNAME.disabled,
  name: '李四',
  mobile: MOBILE.disabled,
  email: 'lisi@example.com',
  pwd_must_modify: false,
  pwd_change_at: '2022-05-13 09:15:30.215',
  created_at: '2022-05-13 09:15:30.198',
  updated_at: '2023-01-09 18:02:47.630',
  disabled: true,
  locked: 'true',
  grade: 1,
  attr_gender: 'unknow',
  attr_birthday: '1993-08-25 00:00:00.000',
  attr_manager_id: CIAM_USER.user_id,
  usr_auth_times: '12',
  usr_last_login: '2023-01-06 08:41:12.004',
  extension: {},
  user_org_relation_list: [{ org_id: ORG, relation_type: '1' }],
};

/** Who is found behind a number that means trouble. */
export const userBehindTrouble = (mobile: string): UserRecord => ({
  user_id: `20220126153857263-A04D-${mobile}`,
  user_name: `user${mobile}`,
  name: '王五',
  mobile,
  email: `${mobile}@example.com`,
  created_at: '2022-02-10 12:23:23',
  updated_at: '2022-02-15 12:23:23',
  disabled: false,
  extension: {},
});

/** `138…`, `+86138…` and `+86-138…` are one number. */
export const bareMobile = (mobile: string): string => mobile.replaceAll('-', '').replace(/^\+86/, '');

const lowerCase = (text: string): string => text.toLowerCase();
const CLEANED = { user_id: (id: string) => id, mobile: bareMobile, user_name: lowerCase, email: lowerCase };
type Key = keyof typeof CLEANED;
const KEYS = Object.keys(CLEANED) as Key[];

const indexed = (key: Key, value: string): string => `${key}: ${CLEANED[key](value)}`;

export class Directory {
  private readonly users = new Map<string, UserRecord>();

  /** `found`: by what it is found. */
  add(user: UserRecord, found: Partial<Record<Key, unknown>> = user): void {
    for (const key of KEYS) {
      const value = found[key];
      if (typeof value === 'string' && value) this.users.set(indexed(key, value), user);
    }
  }

  remove(key: Key, value: string): void {
    this.users.delete(indexed(key, value));
  }

  find(key: Key, value: string): UserRecord | undefined {
    return this.users.get(indexed(key, value));
  }
}

const checkedUser = (user: unknown, place: string, earlier: Directory): UserRecord => {
  if (typeof user !== 'object' || user === null || Array.isArray(user)) throw new Error(`${place} must be an object.`);
  const record: Partial<Record<Key, unknown>> = user;
  const id = record.user_id;
  if (typeof id !== 'string' || !id) throw new Error(`${place}.user_id is missing; it must be a text.`);
  for (const key of KEYS) {
    const value = record[key] ?? '';
    if (typeof value !== 'string') throw new Error(`${place}.${key} must be a text.`);
    if (value && earlier.find(key, value)) throw new Error(`${place}.${key} is that of an earlier user.`);
  }
  return { ...record, user_id: id };
};

/** The given users, or the demo users. Throws an Error that names the entry and the field which cannot be used. */
export const createDirectory = (users?: unknown): Directory => {
  const directory = new Directory();
  if (users === undefined) {
    for (const user of [CIAM_USER, EIAM_USER]) directory.add(user);
    directory.add(CIAM_USER, { mobile: MOBILE.published });
    return directory;
  }
  if (!Array.isArray(users)) throw new Error('users must be a list.');
  users.forEach((user: unknown, index) => directory.add(checkedUser(user, `users[${index}]`, directory)));
  // Whoever the users are.
  directory.remove('mobile', MOBILE.notFound);
  directory.remove('user_name', USERNAME.notFound);
  return directory;
};
