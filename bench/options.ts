/** The command line. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MAJORS } from '../test/support/versions';
import type { ProfileKind } from './profile';

export const ROWS = ['flight', 'single', 'tls', 'large', 'renewed', 'remembered', 'list', 'memory', 'scale', 'trips', 'palette', 'size'];

const USAGE = `npm run bench -- [options]
  --rounds N       samples of each contender (121)
  --seconds S      length of a sample (0.05)
  --major 4|5|both Node-RED 4.1 on this Node.js, Node-RED 5.0 on Node.js 24 (both)
  --only ROW,…     ${ROWS.join(', ')}
  --cpu NAME       after each row, a CPU profile of this contender (ours, bare, pass, core) into build-output/
  --heap NAME      the same, an allocation profile
  --package FILE   measure this packed package instead of the working tree
  --readme         put the table into both READMEs
  --short          a few rounds of the quick rows, and fail if a ratio is not sane`;

const SHORT = { rounds: '21', seconds: '0.05', only: 'flight,single,large,remembered,trips,palette,size' };
const FULL = { rounds: '121', seconds: '0.05', only: ROWS.join(',') };

export const readOptions = () => {
  const { values: given } = parseArgs({
    options: {
      rounds: { type: 'string' }, seconds: { type: 'string' }, major: { type: 'string', default: 'both' }, only: { type: 'string' },
      cpu: { type: 'string' }, heap: { type: 'string' }, package: { type: 'string' }, short: { type: 'boolean', default: false }, readme: { type: 'boolean', default: false }, help: { type: 'boolean' },
    },
  });
  const values = { ...(given.short ? SHORT : FULL), ...given };
  const rows = values.only.split(',');
  const majors = MAJORS.filter((major) => values.major === 'both' || values.major === String(major));
  const [rounds, ms] = [Number(values.rounds), Number(values.seconds) * 1000];
  if (values.help || !rows.every((row) => ROWS.includes(row)) || majors.length === 0 || !(rounds >= 1) || !(ms > 0)) throw new Error(USAGE);
  const kind: ProfileKind = values.heap === undefined ? 'cpu' : 'heap';
  const contender = values.heap ?? values.cpu;
  return {
    majors, rows, rounds, ms, short: values.short, readme: values.readme,
    packed: values.package === undefined ? undefined : resolve(values.package),
    ...(contender !== undefined && { profiled: { kind, contender } }),
  };
};
