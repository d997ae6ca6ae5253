/**
 * Whose turn it is to call the tenant: how many in flight, how many waiting, how many a second, and what the tenant's
 * condition allows. Every call under way stands in one of its lines from `enter` to `leave`.
 */
import { Alarm, type Clock, isEnoughAtOnce, LONGEST_TIMER_MS, type Timer } from '../clock';
import { circuitFailure, closedFailure, type LookupFailure, queueFullFailure } from '../failures/failure';
import type { Settings } from '../settings/settings';
import { AdaptiveRate, isLimit } from './adaptive-rate';
import type { Condition } from './condition';
import { Deadlines } from './deadlines';
import { Line } from './line';
import { Outage, ROW } from './outage';
import type { Pause } from './pause';
import { Pace } from './pace';
import { Rate } from './rate';
import { Refusal, UNATTENDED_MS } from './refusal';
import type { Report, Turn, TurnList } from './turn';

type Limits = Pick<Settings, 'label' | 'concurrency' | 'queueLimit' | 'rateLimit' | 'pace' | 'timeoutMs'>;

/** A pause whose time is up goes on for so long until a lookup shows whether it is over. */
const UNWAITED_PAUSE_MS = 5000;
/** A probe that is silent for so long allows one more beside it. */
const SILENT_PROBE_MS = 5000;
const MOST_PROBES = 2;
/** A probe that ends sooner than this, because the time of its lookup is up, says nothing. */
const FAIR_PROBE_MS = 1000;
/** A probe that is silent for so long is given up, whatever the timeout. */
const LONGEST_PROBE_MS = 30_000;

export class RequestQueue {
  /** Times the waiting of lookups that have made no call yet, while an outage or a pause is to blame for it. */
  readonly patience: Deadlines;
  private readonly waiting = new Line<Turn>();
  /** These have made a call, keep their place in flight, and … */
  private readonly calling = new Line<Turn>();
  private readonly resting = new Line<Turn>(); // … wait for their backoff
  private readonly suspended = new Line<Turn>(); // … wait for the end of an outage or a pause
  private readonly due = new Line<Turn>(); // … may call again
  private readonly lists = new Set<TurnList>();
  /** When the oldest of them came; `null`: not known just now. */
  private oldestList: number | null = null;
  /** Answers of any kind so far: whether there was one in between. */
  answers = 0;
  /** Those that did not ask for a pause. */
  served = 0;
  /** Calls so far that were refused: with `Retry-After`, 429 or 503. */
  refusals = 0;
  private waitingMessages = 0;
  /** There was an answer that did not refuse the token. */
  private wasAccepted = false;
  private listItems = 0;
  private isListsTurn = false;
  /** Lists have had their share, until the event loop has been round: each answer in a burst of them looks whose turn it is. */
  private haveListsYielded = false;

  /** `null`: no limit. */
  private readonly rate: Rate | Pace | null;
  private readonly adaptive = new AdaptiveRate();
  private readonly outage: Outage;
  private readonly refusal = new Refusal();
  /** Calls that may be under way just now, if `concurrency` allows as many: few after an outage or a pause, doubling. */
  private window = Infinity;
  private readonly probes = new Set<Turn>();
  /** The last one that ended says nothing. */
  private wasProbeUnfair = false;
  private outages = 0;
  /** The next probe was timed when nobody waited. */
  private isProbeFarOff = false;
  private probeDueAt = 0;
  /** The lookup whose mode probes ask in. */
  private probeSource: Turn | null = null;
  private hasSecondCall = false;
  private lastMessageAt: number;

  /** When the queue looks again whose turn it is. */
  private wakeUp: { at: number; timer: Timer } | null = null;
  private readonly alarms: Record<'probe' | 'silence' | 'failing' | 'pause' | 'refusal', Alarm>;
  private pumping = false;
  private closed = false;

  constructor(
    private readonly limits: Limits, private readonly clock: Clock, random: () => number,
    private readonly condition: Condition, private readonly pause: Pause,
  ) {
    const { label, pace, rateLimit } = limits;
    this.rate = pace ? new Pace(pace, label, rateLimit, clock, () => this.pump()) : rateLimit > 0 ? new Rate(rateLimit) : null;
    this.outage = new Outage(limits.timeoutMs, random);
    this.patience = new Deadlines(limits.timeoutMs, clock, true);
    this.lastMessageAt = clock.now();
    this.alarms = { probe: new Alarm(clock), silence: new Alarm(clock), failing: new Alarm(clock), pause: new Alarm(clock), refusal: new Alarm(clock) };
  }

  // What the figures show

  get inFlight(): number {
    return this.calling.length + this.between;
  }

  /** Messages waiting for their turn, and lists. */
  get queued(): number {
    return this.waitingMessages + this.lists.size;
  }

  get limit(): number | null {
    return this.adaptive.limit(this.clock.now());
  }

  get heldMs(): number {
    return this.pause.remainingMs(this.clock.now());
  }

  get heldBy(): LookupFailure | null {
    return this.pause.by;
  }

  get circuit(): 'closed' | 'open' | 'half-open' {
    if (this.outage.state === 'none') return 'closed';
    return this.outage.state === 'suspected' || this.probes.size > 0 ? 'half-open' : 'open';
  }

  /** An outage or a pause is known. */
  get isTroubled(): boolean {
    return this.outage.state === 'on' || this.pause.by !== null;
  }

  /** No new call begins until that is over. */
  get isStopped(): boolean {
    return this.outage.stopsCalls || this.heldMs > 0;
  }

  /** Why a lookup that has made no call waits; `null` when it only waits for its turn. */
  get obstacle(): LookupFailure | null {
    if (this.outage.stopsCalls) return circuitFailure(this.outage.trouble);
    return this.pause.by;
  }

  // Coming and going

  /** Begins the turn at once, lines it up, or says why it can do neither. */
  enter(turn: Turn, now: number): LookupFailure | null {
    this.lastMessageAt = now;
    this.probeSource ??= turn;
    const refused = this.refusalOfNew(now);
    if (refused) return refused;
    if (this.refusal.failure) this.refusal.enter(turn);
    // A list hands in an item when it may begin.
    if (turn.list || (this.isEmpty && this.hasPlaceForNew && this.waitMs(now) === 0)) {
      this.start(turn, false, now);
      return null;
    }
    if (this.isFull) return queueFullFailure(this.limits.queueLimit);
    this.waitingMessages += turn.messages;
    this.waiting.add(turn);
    turn.wait();
    this.hastenProbe();
    this.pump();
    return null;
  }

  /** It need not wait: memory answers it, and it shows all the same that the tenant is wanted. */
  messageCame(now: number): void {
    this.lastMessageAt = now;
    this.hastenProbe();
  }

  /** Whoever comes while nobody waits need not wait for a probe of then. */
  private hastenProbe(): void {
    if (this.isProbeFarOff && this.outage.state === 'on' && this.alarms.probe.isSet) this.timeNextProbe(this.probeDueAt);
  }

  /** Until a message comes, probes are made like this one. */
  probeLike(turn: Turn): void {
    this.probeSource ??= turn;
  }

  /** A list hands in its items by `pull`, as there is room. */
  enterList(list: TurnList): LookupFailure | null {
    const now = this.clock.now();
    this.lastMessageAt = now;
    const refused = this.refusalOfNew(now);
    if (refused) return refused;
    if (this.isFull && !(this.isEmpty && this.hasPlaceForNew)) return queueFullFailure(this.limits.queueLimit);
    this.lists.add(list);
    if (this.oldestList !== null) this.oldestList = Math.min(this.oldestList, list.since);
    this.hastenProbe();
    this.pump();
    return null;
  }

  leaveList(list: TurnList): void {
    if (this.lists.delete(list)) this.oldestList = null;
  }

  /** An item that a list has handed in has its outcome. */
  itemSettled(): void {
    this.listItems--;
    this.pump();
  }

  get isFull(): boolean {
    return this.queued >= this.limits.queueLimit;
  }

  /** One more, or one less, message waits for a turn. */
  share(turn: Turn, change: 1 | -1): void {
    turn.messages += change;
    if (turn.line === this.waiting) this.waitingMessages += change;
  }

  /** Between two tries: waits for its backoff, and keeps its place. */
  rest(turn: Turn): void {
    this.move(turn, this.resting);
    this.pump();
  }

  /** Waits for the end of the outage or the pause that has stopped all calls. */
  suspend(turn: Turn): void {
    this.move(turn, this.suspended);
    this.hastenProbe();
  }

  /** Calls again as soon as the limits allow. `first`: before the others that are due. */
  again(turn: Turn, first = false): void {
    if (this.probes.has(turn) && turn.line === this.calling) {
      this.rate?.started(this.clock.now());
      return turn.begin(true);
    }
    this.move(turn, this.due, first);
    this.pump();
  }

  /** It has ended, in whatever line it stands, and gives back its place. True: somebody may be waiting for that, and `pump` lets them begin. */
  leave(turn: Turn): boolean {
    if (turn.line === this.waiting) this.waitingMessages -= turn.messages;
    if (this.refusal.failure) this.refusal.release(turn);
    const isWaitedFor = !this.isEmpty || this.pause.by !== null;
    this.move(turn, null);
    return isWaitedFor;
  }

  /** A call beside one that is silent; one such at a time. It takes its place in the rate. */
  beginSecondCall(): boolean {
    if (this.hasSecondCall || this.isStopped) return false;
    this.rate?.started(this.clock.now());
    this.hasSecondCall = true;
    return true;
  }

  endSecondCall(): void {
    this.hasSecondCall = false;
  }

  /** Everybody who waits or calls is refused. */
  close(): void {
    this.closed = true;
    if (this.wakeUp) this.clock.clearTimeout(this.wakeUp.timer);
    for (const alarm of Object.values(this.alarms)) alarm.stop();
    if (this.rate instanceof Pace) this.rate.close();
    for (const list of [...this.lists]) list.refuse(closedFailure());
    // The waiting first: none of them begins when a place becomes free.
    for (const line of [this.waiting, this.due, this.suspended, this.resting, this.calling]) {
      for (const turn of line.snapshot()) if (turn.line === line) turn.refuse(closedFailure());
    }
    this.patience.close();
  }

  // What the calls found

  report(turn: Turn, { failure, failed, paused, alone }: Report): void {
    const now = this.clock.now();
    if (paused || (failure && isLimit(failure.status))) this.refusals++;
    if (!alone) this.limitRate(turn, failure, failed, now);
    if (failed && failure) {
      this.wasProbeUnfair = failure.code === 'CIAM.TIMEOUT' && this.probes.has(turn) && now - turn.begunAt < Math.min(FAIR_PROBE_MS, this.limits.timeoutMs / 2);
      if (this.outage.failed(turn, turn.begunAt, failure)) this.suspect(turn);
      return;
    }
    const isAccepted = failure === null || (failure.category !== 'unauthorized' && failure.category !== 'untrusted');
    if (isAccepted && !this.wasAccepted) {
      this.wasAccepted = true;
      this.condition.ready();
    }
    this.answers++;
    if (this.outage.failedInRow > 0 || this.outage.state !== 'none') this.endRow();
    if (!paused) {
      this.served++;
      if (this.pause.by) this.endPauseAfter(now);
    }
    this.window++;
    if (isAccepted && this.refusal.failure) this.accept();
  }

  /** A token call failed: one failed call more. */
  tokenCallFailed(source: object, begunAt: number, failure: LookupFailure): void {
    if (this.outage.failed(source, begunAt, failure) && this.probeSource) this.suspect(this.probeSource);
  }

  /** A token call that lookups wait for was answered, and can be granted after so many milliseconds. No lookup follows that would show the answer. */
  tokenCallPaused(ms: number, by: LookupFailure): void {
    // The end of an outage is told before the pause, and nobody begins in between.
    const { pumping } = this;
    this.pumping = true;
    this.tokenCallAnswered();
    this.hold(ms, by);
    this.pumping = pumping;
    this.pump();
  }

  /** Credentials were refused, or the way to the tenant. `isAnswer`: by the tenant. */
  tokenCallRefused(failure: LookupFailure, isAnswer: boolean): void {
    this.refuseAll(failure);
    if (isAnswer) this.tokenCallAnswered();
  }

  private tokenCallAnswered(): void {
    this.answers++;
    this.endRow();
  }

  /** An answer ends a row of failed calls, and an outage. */
  private endRow(): void {
    this.outage.answered();
    if (this.outage.state !== 'none') this.endOutage();
  }

  /** Every try of this lookup failed. True: nobody has been answered meanwhile, so the tenant may be away, and it waits to learn that. */
  suspectAfter(turn: Turn, answersBefore: number): boolean {
    if (this.answers !== answersBefore) return false;
    if (!this.outage.stopsCalls) this.suspect(turn);
    this.suspend(turn);
    return true;
  }

  /** The tenant asks for a pause (`Retry-After`). */
  hold(ms: number, by: LookupFailure): void {
    this.pause.begin(ms, by, this.clock.now());
    this.condition.begin('paused', by);
    this.timePatience();
    this.alarms.pause.set(() => this.endPauseWait(), this.heldMs);
  }

  /** Credentials or a certificate were refused. */
  refuseAll(failure: LookupFailure): void {
    if (this.closed) return;
    this.refusal.begin(failure, this.clock.now());
    this.condition.begin('refused', failure);
    this.alarms.refusal.set(() => this.askUnattended(), UNATTENDED_MS);
    for (const line of [this.waiting, this.due, this.suspended, this.resting]) {
      for (const turn of line.snapshot()) if (turn.line === line) turn.refuse(failure);
    }
    this.pump();
  }

  /** What was refused is accepted. */
  accept(): void {
    this.refusal.end();
    this.alarms.refusal.stop();
    this.condition.end('refused');
  }

  /** The tenant was asked before any message came, and did not answer. */
  warmUpFailed(failure: LookupFailure): void {
    if (this.outage.stopsCalls || this.closed || this.answers > 0) return;
    this.outages++;
    this.outage.trouble = failure;
    this.outage.suspect(this.clock.now());
    this.confirmOutage();
    this.timeNextProbe();
  }

  // Turns

  private get between(): number {
    return this.resting.length + this.suspended.length + this.due.length;
  }

  /** One place is always free for calls. */
  private get hasPlaceForNew(): boolean {
    const { concurrency } = this.limits;
    return this.calling.length + Math.min(this.between, concurrency - 1) < concurrency;
  }

  /** No trouble of the tenant is known. */
  private get isCalm(): boolean {
    return this.outage.state === 'none' && this.pause.by === null && this.refusal.failure === null;
  }

  /** Nobody waits for a turn. */
  private get isEmpty(): boolean {
    return this.waiting.length === 0 && this.due.length === 0 && this.lists.size === 0;
  }

  /** Why a lookup that comes now fails at once. */
  private refusalOfNew(now: number): LookupFailure | null {
    if (this.closed) return closedFailure();
    if (this.isCalm) return null;
    if (this.outage.isFailing(now)) return circuitFailure(this.outage.trouble);
    if (this.pause.hasLasted(this.outage.failingAfterMs, now)) return this.pause.by;
    return this.refusal.of(now);
  }

  /** Milliseconds until a call may begin; infinite while something else has to happen first. */
  private waitMs(now: number): number {
    if (this.outage.state !== 'none' || this.calling.length >= Math.min(this.limits.concurrency, this.window)) return Infinity;
    return Math.max(this.pause.by ? this.pause.remainingMs(now) : 0, this.rate?.waitMs(now) ?? 0, this.adaptive.cut ? this.adaptive.waitMs(now) : 0);
  }

  private start(turn: Turn, isProbe: boolean, now = this.clock.now()): void {
    this.rate?.started(now);
    if (this.adaptive.cut) this.adaptive.started(now);
    if (turn.line === this.waiting) this.waitingMessages -= turn.messages;
    if (isProbe) this.probes.add(turn);
    this.move(turn, this.calling);
    turn.begunAt = now;
    turn.begin(isProbe);
  }

  private move(turn: Turn, line: Line<Turn> | null, first = false): void {
    (turn.line as Line<Turn> | null)?.remove(turn);
    if (first) line?.addFirst(turn);
    else line?.add(turn);
    if (line !== this.calling && this.probes.delete(turn)) this.probeEnded();
  }

  /** Starts, or refuses, whoever is next, as long as something can be done. Not reentrant: a turn may end inside `begin`. */
  pump(): void {
    if (this.pumping || this.closed) return;
    this.pumping = true;
    let idle = 0;
    let since: number | null = null;
    while (!this.isEmpty) {
      const now = this.clock.now();
      const refused = this.lateList(now);
      const next = refused ?? this.next();
      if (next === null) break;
      const wait = refused ? 0 : Math.min(this.waitMs(now), this.untilListLate(now));
      if (wait > 0) {
        if (wait < Infinity) this.wakeIn(wait);
        break;
      }
      if ('pull' in next) {
        idle += this.pullFrom(next);
        since ??= now;
        if (isEnoughAtOnce(idle, since, now)) this.letListsYield();
      } else this.startNext(next, now);
    }
    this.pumping = false;
    if (this.pause.by) this.endUnwaitedPause();
  }

  /** Whose turn is next: first those who have begun; then single lookups and lists in turns. */
  private next(): Turn | TurnList | null {
    const begun = this.due.first;
    const prefersNew = begun?.wasRefused === true && this.pause.by !== null;
    if (begun && !prefersNew) return begun;
    const single = this.waiting.first;
    const list = this.nextList();
    if (!this.hasPlaceForNew || (!single && !list)) return begun;
    return list && (!single || this.isListsTurn) ? list : single;
  }

  private startNext(turn: Turn, now: number): void {
    if (turn.line === this.waiting) this.isListsTurn = true;
    this.start(turn, false, now);
  }

  /** Items of all lists together take at most `concurrency` places. */
  private nextList(): TurnList | null {
    return this.listItems < this.limits.concurrency && !this.haveListsYielded ? this.firstList() : null;
  }

  /** One that what keeps the tenant away refuses: it has lasted too long, and the list has waited for as long. */
  private lateList(now: number): TurnList | null {
    if (this.lists.size === 0 || this.haveListsYielded || this.refusalOfNew(now) === null) return null;
    const isForAll = this.refusal.of(now) !== null;
    if (!isForAll && now - this.firstListCame() < this.outage.failingAfterMs) return null;
    for (const list of this.lists) if (isForAll || now - list.since >= this.outage.failingAfterMs) return list;
    return null;
  }

  /** Milliseconds until an outage or a pause refuses what is left of a list. */
  private untilListLate(now: number): number {
    if (this.lists.size === 0 || !this.isTroubled) return Infinity;
    const troubledSince = this.outage.state === 'on' ? this.outage.since : this.pause.beganAt;
    const left = Math.max(this.firstListCame(), troubledSince) + this.outage.failingAfterMs - now;
    return left > 0 ? left : Infinity;
  }

  private firstListCame(): number {
    if (this.oldestList === null) {
      this.oldestList = Infinity;
      for (const { since } of this.lists) this.oldestList = Math.min(this.oldestList, since);
    }
    return this.oldestList;
  }

  private firstList(): TurnList | null {
    for (const list of this.lists) return list;
    return null;
  }

  /** 1: the item needed no call. */
  private pullFrom(list: TurnList): 0 | 1 {
    this.isListsTurn = false;
    this.listItems++;
    const began = list.pull();
    // To the end, so that lists take turns among themselves.
    if ((this.lists.size > 1 || !list.hasMore) && this.lists.delete(list)) {
      if (list.hasMore) this.lists.add(list);
      else this.oldestList = null;
    }
    return began ? 0 : 1;
  }

  private letListsYield(): void {
    this.haveListsYielded = true;
    this.wakeIn(0);
  }

  private wakeIn(wait: number): void {
    const ms = Math.min(wait, LONGEST_TIMER_MS);
    const at = this.clock.now() + ms;
    if (this.wakeUp) {
      if (this.wakeUp.at <= at) return;
      this.clock.clearTimeout(this.wakeUp.timer);
    }
    const timer = this.clock.setTimeout(() => {
      this.wakeUp = null;
      this.haveListsYielded = false;
      this.pump();
    }, ms);
    this.wakeUp = { at, timer };
  }

  // The limiter

  private limitRate(turn: Turn, failure: LookupFailure | null, failed: boolean, now: number): void {
    const status = failure?.status ?? null;
    const mayBeLimiter = status === 503 && !this.outage.stopsCalls && this.outage.failedInRow < ROW;
    if (status === 429 || mayBeLimiter) this.adaptive.refused(turn, turn.begunAt, status, now);
    else if (!failed && status !== 503) this.adaptive.answered(turn.begunAt, now);
  }

  // Outage

  private suspect(turn: Turn): void {
    this.outages++;
    this.outage.suspect(this.clock.now());
    this.timePatience();
    this.probeSource = turn;
    this.probe(turn.probeCall());
  }

  private probe(turn: Turn): void {
    if (this.closed || !this.outage.stopsCalls) return;
    if (this.heldMs > 0) return this.alarms.probe.set(() => this.probe(turn), this.heldMs);
    this.alarms.probe.stop();
    turn.probedIn = this.outages;
    this.alarms.silence.set(() => this.probeIsSilent(), SILENT_PROBE_MS);
    this.start(turn, true);
  }

  private probeIsSilent(): void {
    if (this.outage.state === 'suspected') this.confirmOutage();
    const now = this.clock.now();
    for (const probe of [...this.probes]) if (now - probe.begunAt >= LONGEST_PROBE_MS) probe.interrupt();
    if (this.probes.size === 0) return;
    if (this.probes.size < MOST_PROBES) this.probe(this.nextProbe());
    else this.alarms.silence.set(() => this.probeIsSilent(), SILENT_PROBE_MS);
  }

  /** Nobody asks, or one who has had no answer for long. */
  private get hasOnlySilentProbes(): boolean {
    const now = this.clock.now();
    return this.probes.size < MOST_PROBES && [...this.probes].every((turn) => now - turn.begunAt >= SILENT_PROBE_MS);
  }

  /** The waiting lookup with the fewest failures; a call for a user who cannot exist where nobody waits who has not probed in this outage. */
  private nextProbe(): Turn {
    const fresh = this.waiting.first;
    if (fresh) return fresh;
    let best: Turn | null = null;
    for (const line of [this.suspended, this.due]) {
      for (const turn of line.snapshot()) if (turn.probedIn !== this.outages && (best === null || turn.failures < best.failures)) best = turn;
    }
    return best ?? this.probeCall();
  }

  private probeCall(): Turn {
    if (this.probeSource === null) throw new Error('Nobody has asked the tenant yet.');
    return this.probeSource.probeCall();
  }

  /** It was not answered, or an answer has ended the outage already. */
  private probeEnded(): void {
    if (this.closed || !this.outage.stopsCalls) return;
    if (this.outage.state === 'suspected') this.confirmOutage();
    if (!this.hasOnlySilentProbes) return;
    if (this.wasProbeUnfair) this.alarms.probe.set(() => this.probe(this.probeCall()), 0);
    else this.timeNextProbe();
    this.wasProbeUnfair = false;
  }

  private timeNextProbe(latestAt = Infinity): void {
    this.alarms.silence.stop();
    const now = this.clock.now();
    const somebodyWaits = this.waiting.length + this.lists.size + this.between > 0;
    this.probeDueAt = Math.min(latestAt, now + this.outage.nextProbeMs(somebodyWaits, now - this.lastMessageAt));
    this.isProbeFarOff = !somebodyWaits;
    this.alarms.probe.set(() => this.probe(this.nextProbe()), this.probeDueAt - now);
  }

  private confirmOutage(): void {
    this.outage.confirm();
    this.timePatience();
    if (this.outage.trouble) this.condition.begin('unreachable', this.outage.trouble);
    const left = this.outage.since + this.outage.failingAfterMs - this.clock.now();
    this.alarms.failing.set(() => this.beginFailing(), left);
  }

  private beginFailing(): void {
    if (this.outage.trouble) this.condition.begin('failing', this.outage.trouble);
    this.pump(); // what is left of lists is refused
  }

  /** An answer has come. */
  private endOutage(): void {
    const wasOn = this.outage.state === 'on';
    this.outage.end(this.clock.now());
    for (const name of ['probe', 'silence', 'failing'] as const) this.alarms[name].stop();
    if (wasOn) this.window = 1;
    // In this order: the end of the lesser state changes nothing to be told while the other still holds.
    this.condition.end('unreachable');
    this.condition.end('failing');
    this.timePatience();
    // A probe for a user who cannot exist that is still silent has nothing left to find out.
    for (const probe of [...this.probes]) if (probe.messages === 0) probe.interrupt();
    this.resume(wasOn ? 'outage' : 'suspicion');
  }

  /** Those who waited go on. After a mere suspicion a lookup without tries left has failed; waiting for a pause uses up none. */
  private resume(after: 'suspicion' | 'outage' | 'pause'): void {
    for (const turn of this.suspended.snapshot()) {
      if (turn.line !== this.suspended) continue;
      if (after === 'outage') turn.revive();
      if (after === 'suspicion' && turn.isSpent) turn.giveUp();
      else this.move(turn, this.due);
    }
    this.pump();
  }

  // Pause

  /** Its time is up: one call shows whether it is over. */
  private endPauseWait(): void {
    this.window = 1;
    if (!this.outage.stopsCalls) this.resume('pause');
  }

  private endPauseAfter(now: number): void {
    if (!this.pause.isInTrial(now)) return;
    this.pause.end();
    this.condition.end('paused');
    this.timePatience();
    // The tenant serves again: whoever waits now waits for a turn, however many short pauses come.
    this.patience.restart();
  }

  /** Nobody is there to show it, and nobody has come for a while: the next lookup will. */
  private endUnwaitedPause(): void {
    const now = this.clock.now();
    if (!this.isEmpty || this.inFlight > 0 || !this.pause.isInTrial(now)) return;
    const left = this.pause.endedAt + UNWAITED_PAUSE_MS - now;
    if (left > 0) this.alarms.pause.set(() => this.endUnwaitedPause(), left);
    else this.endPauseAfter(now);
  }

  // Refusal

  /** Without messages somebody else has to find out whether it is over. */
  private askUnattended(): void {
    if (this.probeSource === null) return;
    this.alarms.refusal.set(() => this.askUnattended(), UNATTENDED_MS);
    const probeCall = this.probeSource.probeCall();
    this.refusal.enter(probeCall);
    this.start(probeCall, false);
  }

  private timePatience(): void {
    if (this.outage.stopsCalls || this.pause.by) this.patience.resume();
    else this.patience.stop();
  }
}
