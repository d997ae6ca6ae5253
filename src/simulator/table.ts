/** Whom the demo tenant knows, and the numbers that mean trouble: the help of the command and the pages are written from this list. */

export const MOBILE = {
  found: '15200000000',
  /** The number that the published CIAM document looks up; its answer shows another one. */
  published: '13800001111',
  disabled: '+86-13900002222',
  notFound: '13800000404',
  malformed: '12345',
  abroad: '+1-2025550100',
  limited: '13800000429',
  busy: '13800000500',
  down: '13800000503',
  slow: '13800000408',
  expired: '13800000400',
} as const;

export const USERNAME = { found: 'zhangsan', disabled: 'lisi', notFound: 'nobody' } as const;
const USERNAMES: Partial<Record<DemoCase, string>> = USERNAME;

export type DemoCase = Exclude<keyof typeof MOBILE, 'published'>;

/** What one gets who looks it up. */
export const DEMO_CASES: Readonly<Record<DemoCase, string>> = {
  found: 'a user',
  disabled: 'a disabled and locked user',
  notFound: 'user not found',
  malformed: "breaks the tenant's mobile rule",
  abroad: 'dialling code not allowed',
  limited: 'once 429 with Retry-After: 1, then found',
  busy: 'once system busy, then found',
  down: 'always 503 with an HTML body',
  slow: 'answers after 30 s',
  expired: 'once token expired, then found',
};

export interface DemoRow { demoCase: DemoCase; mobile: string; username: string | null }

export const DEMO_ROWS: readonly DemoRow[] = (Object.keys(DEMO_CASES) as DemoCase[]).map((demoCase) => ({
  demoCase, mobile: MOBILE[demoCase], username: USERNAMES[demoCase] ?? null,
}));
