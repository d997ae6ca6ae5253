/** What a dialog may send for a test or a try, in kB. */
export const MOST_KB = 64;
