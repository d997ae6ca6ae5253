/** The button "Test connection": asks the runtime to try the values on screen, and says in plain words what came of it. */
import { adviceKey, type Category } from '../../../src/failures/advice';
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-tenant');
const advice = textsOf('ciam-user');

/** Longer than the runtime's own 10 s, so that its answer comes first. */
const PATIENCE_MS = 15_000;
const VALUES = ['domain', 'auth', 'clientAuth', 'tls', 'proxy', 'timeout', 'token', 'clientId', 'clientSecret'];

interface Failure {
  code: string;
  message: string;
  category: Category;
  status: number | null;
  system?: string;
}

interface Availability {
  available: boolean;
  error?: Failure;
}

/** The answer of `POST ciam-tenant/:id/test`. */
interface TestAnswer {
  ok: boolean;
  token: { ok: boolean; expiresIn?: number | null };
  mobile: Availability;
  username: Availability;
  dialect: string | null;
  /** The first thing to mend. */
  error?: Failure;
}

type Verdict = 'good' | 'bad' | 'neutral';
const ICONS: Record<Verdict, string> = { good: 'fa-check-circle', bad: 'fa-times-circle', neutral: 'fa-info-circle' };

const line = (verdict: Verdict, words: string): JQuery =>
  $('<div>').addClass(`ciam-line ciam-${verdict}`).append($('<i aria-hidden="true">').addClass(`fa ${ICONS[verdict]}`), $('<span>').text(words));

const lifetime = (seconds: number | null | undefined): string => {
  if (typeof seconds !== 'number') return text('test.token');
  return seconds < 120 ? text('test.token-seconds', { n: Math.round(seconds) }) : text('test.token-minutes', { n: Math.round(seconds / 60) });
};

const detail = ({ code, message }: Failure): JQuery => $('<div class="ciam-detail">').text(`${code}: ${message}`);

const failureLines = (failure: Failure): JQuery[] =>
  [line('bad', advice(`advice.${adviceKey(failure.code, failure.category, failure.system)}`)), detail(failure)];

const UNSERVED = [404, 405, 501];

/** A lookup that is missing is told apart from one that is not granted, and from one that went wrong. */
const lookupLines = (mode: 'mobile' | 'username', { available, error }: Availability): JQuery[] => {
  if (available || !error) return [line('good', text(`test.${mode}`))];
  if (error.category === 'forbidden') return [line('bad', text(`test.ungranted-${mode}`)), detail(error)];
  return UNSERVED.includes(error.status ?? 0) ? [line('bad', text(`test.unserved-${mode}`)), detail(error)] : failureLines(error);
};

const answerLines = ({ token, mobile, username, dialect, error }: TestAnswer): JQuery[] => {
  // Nothing was asked of the lookups, or both met the same trouble: it is told once.
  if (error && (!token.ok || mobile.error?.code === username.error?.code)) return failureLines(error);
  return [
    line('good', lifetime(token.expiresIn)),
    ...lookupLines('mobile', mobile),
    ...lookupLines('username', username),
    ...(dialect ? [line('neutral', text('test.dialect', { dialect }))] : []),
  ];
};

const refusal = (status: number): string => {
  if (status === 401 || status === 403) return text('test.no-permission');
  return text(status === 404 ? 'test.no-route' : 'test.no-answer');
};

const values = (): string => {
  const entries = VALUES.map((name) => [name, String($(`#node-config-input-${name}`).val() ?? '').replace(/^_ADD_$/, '')]);
  return JSON.stringify({ ...Object.fromEntries(entries), demo: $('#node-config-input-demo').prop('checked') === true });
};

/** Wires the button. The function it gives stops a test under way: the dialog closes. */
export const startConnectionTest = (id: string): (() => void) => {
  const button = $('#ciam-tenant-test');
  const result = $('#ciam-tenant-test-result');
  let running: JQuery.jqXHR<TestAnswer> | null = null;

  const show = (lines: JQuery[]): void => {
    result.empty().append(lines);
  };
  const rest = (): void => {
    running = null;
    button.find('i').attr('class', 'fa fa-plug');
    button.find('span').text(text('test.start'));
  };
  const stop = (): void => {
    running?.abort();
    rest();
    show([]);
  };
  const start = (): void => {
    button.find('i').attr('class', 'fa fa-spinner fa-spin');
    button.find('span').text(text('test.stop'));
    show([line('neutral', text('test.running'))]);
    const request = $.ajax({
      url: `ciam-tenant/${encodeURIComponent(id)}/test`, method: 'POST', contentType: 'application/json', data: values(), dataType: 'json', timeout: PATIENCE_MS,
    }) as JQuery.jqXHR<TestAnswer>;
    running = request;
    request.done((answer) => {
      if (running !== request) return;
      rest();
      show(answerLines(answer));
    });
    request.fail(() => {
      if (running !== request) return;
      rest();
      show([line('bad', refusal(request.status))]);
    });
  };

  if (!RED.user.hasPermission('ciam-tenant.write')) {
    button.prop('disabled', true);
    show([line('neutral', text('test.no-permission'))]);
    return () => undefined;
  }
  button.on('click', () => (running ? stop() : start()));
  // A result is about the values that were on screen then.
  button.closest('.ciam-form').on('input change', 'input, select', stop);
  return stop;
};
