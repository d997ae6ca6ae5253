/** A button that asks the runtime, stops that when it is pressed again, and shows the answer below it. */
import { MOST_KB } from '../limits';
import { line, spoken } from './answers';
import { textsOf } from './texts';

const text = textsOf('ciam-user');
/** What may come back in place of an answer, and has words of its own. 413: Node-RED itself, or a proxy in front of it, takes no more than so many megabytes. */
const REFUSALS = [0, 403, 404, 413];

export interface Question<Answer> {
  request: JQuery.jqXHR<Answer>;
  /** What the answer is shown as. */
  lines: (answer: Answer) => JQuery[];
  /** It stands on the screen. */
  shown?: (answer: Answer) => void;
}

const refusal = (status: number): string => text(`refusal.${REFUSALS.includes(status) ? status : 'other'}`, { status, limit: MOST_KB });

/** Asks in the language of the editor, which need not be the browser's. */
export const post = <Answer>(url: string, values: object, timeout = 0): JQuery.jqXHR<Answer> =>
  $.ajax({
    url, method: 'POST', contentType: 'application/json', headers: { 'Accept-Language': RED.i18n.lang() }, data: JSON.stringify(values), dataType: 'json', timeout,
  }) as JQuery.jqXHR<Answer>;

interface Parts<Answer> {
  button: JQuery;
  result: JQuery;
  /** Of the button, while nothing is asked. */
  icon: string;
  /** The texts `start`, `stop`, `running`. */
  words: (key: string) => string;
  ask: () => Question<Answer>;
}

export interface RequestButton {
  isRunning: () => boolean;
  start: () => void;
  /** Ends what is asked, and takes away what is shown. */
  stop: () => void;
}

/** `null`: this user may not ask, and is told so. */
export const wireRequestButton = <Answer>({ button, result, icon, words, ask }: Parts<Answer>): RequestButton | null => {
  let running: JQuery.jqXHR<Answer> | null = null;

  const show = (lines: JQuery[]): void => {
    result.empty().append(lines);
    // The button may stand at the lower edge of the form.
    if (lines.length > 0) result.get(0)?.scrollIntoView({ block: 'nearest' });
  };
  const look = (sign: string, key: string): void => {
    button.find('i').attr('class', `fa ${sign}`);
    button.find('span').text(words(key));
  };
  const rest = (): void => {
    running = null;
    look(icon, 'start');
  };
  const stop = (): void => {
    running?.abort();
    rest();
    show([]);
  };
  const start = (): void => {
    look('fa-spinner fa-spin', 'stop');
    show([line('neutral', words('running'))]);
    const { request, lines, shown } = ask();
    running = request;
    request.done((answer) => {
      if (running !== request) return;
      rest();
      show(lines(answer));
      shown?.(answer);
    });
    request.fail(() => {
      if (running !== request) return;
      rest();
      show([line('bad', spoken(request) ?? refusal(request.status === 401 ? 403 : request.status))]);
    });
  };

  if (!RED.user.hasPermission('flows.write')) {
    button.prop('disabled', true);
    show([line('neutral', refusal(403))]);
    return null;
  }
  button.on('click', () => (running ? stop() : start()));
  return { isRunning: () => running !== null, start, stop };
};
