/** Scenarios that nobody thought of; a failure names its seed. SIMULATION_SEED begins elsewhere. */
import { runRandomScenario } from './random-scenario';

const FIRST = Number(process.env['SIMULATION_SEED'] ?? 1);
const COUNT = 20;

describe('any troubles of a tenant', function () {
  this.timeout(60_000);

  it(`${COUNT} random scenarios from seed ${FIRST}: one outcome for each message, in time, within the limits`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) await runRandomScenario(seed);
  });
});
