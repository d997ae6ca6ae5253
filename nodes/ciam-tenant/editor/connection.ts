/** The button "Test connection": asks the runtime to try the values on screen, and shows step by step what works and what does not. */
import { detail, type Failure, failureLines, line } from '../../shared/editor/answers';
import { asText } from '../../shared/editor/form';
import { post, wireRequestButton } from '../../shared/editor/request-button';
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-tenant');

/** Longer than the runtime's own 10 s, so that its answer comes first. */
const PATIENCE_MS = 15_000;
const VALUES = ['domain', 'auth', 'clientAuth', 'tls', 'proxy', 'timeout', 'token', 'clientId', 'clientSecret'];
const MODES = ['mobile', 'username', 'email', 'id'] as const;
/** Clocks that differ by less do no harm. */
const SKEW_MS = 30_000;

interface Availability {
  available: boolean;
  error?: Failure;
}

/** The answer of `POST ciam-tenant/:id/test`. */
interface TestAnswer extends Partial<Record<(typeof MODES)[number], Availability>> {
  ok: boolean;
  reached?: { ok: boolean };
  token: { ok: boolean; expiresIn?: number | null };
  dialect: string | null;
  clock?: { skewMs: number | null } | null;
  paused?: { heldMs: number; code: string } | null;
  /** The first thing to mend. */
  error?: Failure;
}

const lifetime = (seconds: number | null | undefined): string => {
  if (typeof seconds !== 'number') return text('test.token');
  return seconds < 120 ? text('test.token-seconds', { n: Math.round(seconds) }) : text('test.token-minutes', { n: Math.round(seconds / 60) });
};

const UNSERVED = [404, 405, 501];

/** A lookup that is missing is told apart from one that is not granted, and from one that went wrong: what one lookup lacks, another may have. */
const lookupLines = (mode: (typeof MODES)[number], { available, error }: Availability): JQuery[] => {
  const by = text(`by.${mode}`);
  if (available) return [line('good', text('test.available', { by }))];
  if (!error) return [];
  if (error.category === 'forbidden') return [line('bad', text('test.ungranted', { by })), detail(error)];
  return UNSERVED.includes(error.status ?? 0) ? [line('caution', text('test.unserved', { by }))] : failureLines(error);
};

const clockLines = (skewMs: number | null | undefined): JQuery[] => {
  if (typeof skewMs !== 'number') return [];
  if (Math.abs(skewMs) < SKEW_MS) return [line('good', text('test.clock'))];
  return [line('caution', text(skewMs > 0 ? 'test.clock-ahead' : 'test.clock-behind', { n: Math.round(Math.abs(skewMs) / 1000) }))];
};

const same = (one: Failure | undefined, other: Failure | undefined): boolean => one !== undefined && one.code === other?.code && one.message === other.message;

/** Every step that worked, though a later one failed; a failure that several steps share is told once, last. */
const answerLines = (answer: TestAnswer, host: string): JQuery[] => {
  const { reached, token, dialect, clock, paused, error } = answer;
  const steps = MODES.map((mode) => ({ mode, availability: answer[mode] ?? { available: false } }));
  const told = steps.filter(({ availability }) => !same(availability.error, error) || error?.category === 'forbidden' || UNSERVED.includes(error?.status ?? 0));
  const isTold = told.some(({ availability }) => same(availability.error, error));
  return [
    ...(reached?.ok ? [line('good', text('test.reached', { host }))] : []),
    ...(token.ok ? [line('good', lifetime(token.expiresIn))] : []),
    ...told.flatMap(({ mode, availability }) => lookupLines(mode, availability)),
    ...clockLines(clock?.skewMs),
    ...(paused && paused.heldMs > 0 ? [line('caution', text('test.paused', { n: Math.ceil(paused.heldMs / 1000), code: paused.code }))] : []),
    ...(dialect ? [line('neutral', text('test.dialect', { dialect }))] : []),
    ...(error && !isTold ? failureLines(error) : []),
  ];
};

const isDemo = (): boolean => $('#node-config-input-demo').prop('checked') === true;

/** `z` is the flow or subflow that the node is for, whose environment variables apply. */
const values = (): object => {
  const entries = VALUES.map((name): [string, string] => [name, String($(`#node-config-input-${name}`).val() ?? '').replace(/^_ADD_$/, '')]);
  return { ...Object.fromEntries(entries), demo: isDemo(), z: asText($('#red-ui-editor-config-scope').val()) };
};

const hostOnScreen = (): string => (isDemo() ? text('node.demo') : asText($('#node-config-input-domain').val()).trim().replace(/^https?:\/\//i, ''));

/** Wires the button. The function it gives stops a test under way: the dialog closes. */
export const startConnectionTest = (id: string): (() => void) => {
  const button = $('#ciam-tenant-test');
  const asking = wireRequestButton<TestAnswer>({
    button, result: $('#ciam-tenant-test-result'), icon: 'fa-plug', words: (key) => text(`test.${key}`),
    ask: () => {
      const host = hostOnScreen();
      return {
        request: post<TestAnswer>(`ciam-tenant/${encodeURIComponent(id)}/test`, values(), PATIENCE_MS),
        lines: (answer) => answerLines(answer, host),
      };
    },
  });
  if (!asking) return () => undefined;
  // A result is about the values that were on screen then.
  button.closest('.ciam-form').on('input change', 'input, select', asking.stop);
  return asking.stop;
};
