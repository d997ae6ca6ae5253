/** How an answer of the runtime is shown in a dialog: a line with a mark, and what to do about a failure. */
import type { Category } from '../../../src/failures/codes';

/** A failure as the runtime's routes send it, in the language of the editor. */
export interface Failure {
  code: string;
  message: string;
  category: Category;
  status: number | null;
  advice: string;
  detail?: string;
}

export type Verdict = 'good' | 'bad' | 'caution' | 'neutral';
const ICONS: Record<Verdict, string> = { good: 'fa-check-circle', bad: 'fa-times-circle', caution: 'fa-exclamation-circle', neutral: 'fa-info-circle' };

export const line = (verdict: Verdict, words: string): JQuery =>
  $('<div>').addClass(`ciam-line ciam-${verdict}`).append($('<i aria-hidden="true">').addClass(`fa ${ICONS[verdict]}`), $('<span>').text(words));

export const detail = ({ code, message, detail: words }: Failure): JQuery =>
  $('<div class="ciam-detail">').text(`${code}: ${message}${words ? ` (${words})` : ''}`);

export const failureLines = (failure: Failure, verdict: Verdict = 'bad'): JQuery[] => [line(verdict, failure.advice), detail(failure)];

/** Why there is no answer, if the runtime said so itself: too many at once, too much text. */
export const spoken = ({ responseJSON }: { responseJSON?: unknown }): string | undefined =>
  (responseJSON as { error?: { message?: string } } | undefined)?.error?.message;
