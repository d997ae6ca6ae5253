/** Chance that can be repeated: the same seed gives the same choices in the same order; who draws when is up to the network. */
export type Random = () => number;

/** mulberry32; from 0 up to, but not including, 1. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** One of the choices, each as likely as its weight. */
export const pick = <T>(random: Random, choices: readonly (readonly [weight: number, choice: T])[]): T => {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('There is nothing to pick from.');
};
