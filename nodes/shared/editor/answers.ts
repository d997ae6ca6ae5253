/** How an answer of the runtime is shown in a dialog: a line with a mark, and what to do about a failure. */
import { adviceKey, type Category } from '../../../src/failures/advice';
import { textsOf } from './texts';

const text = textsOf('ciam-user');

/** A failure as the runtime's routes send it. */
export interface Failure {
  code: string;
  message: string;
  category: Category;
  status: number | null;
  advice: string;
  system?: string;
  detail?: string;
}

export type Verdict = 'good' | 'bad' | 'caution' | 'neutral';
const ICONS: Record<Verdict, string> = { good: 'fa-check-circle', bad: 'fa-times-circle', caution: 'fa-exclamation-circle', neutral: 'fa-info-circle' };

export const line = (verdict: Verdict, words: string): JQuery =>
  $('<div>').addClass(`ciam-line ciam-${verdict}`).append($('<i aria-hidden="true">').addClass(`fa ${ICONS[verdict]}`), $('<span>').text(words));

export const detail = ({ code, message, detail: words }: Failure): JQuery =>
  $('<div class="ciam-detail">').text(`${code}: ${message}${words ? ` (${words})` : ''}`);

/** The advice in the reader's language, by what is known of the cause; a setting's own advice comes from the runtime, which knows the setting. */
const adviceFor = ({ code, category, system, advice }: Failure, host: string): string =>
  (code === 'CIAM.CONFIG' ? advice : text(`advice.${adviceKey(code, category, system)}`, { host }));

export const failureLines = (failure: Failure, host: string, verdict: Verdict = 'bad'): JQuery[] => [line(verdict, adviceFor(failure, host)), detail(failure)];

/** Why there is no answer, if the runtime said so itself: too many at once, too much text. */
export const spoken = ({ responseJSON }: { responseJSON?: unknown }): string | undefined =>
  (responseJSON as { error?: { message?: string } } | undefined)?.error?.message;
