/** Hundreds of scenarios that nobody thought of; a failure names its seed. SIMULATION_SEED begins elsewhere. */
import { runRandomScenario } from './random-scenario';

const FIRST = Number(process.env['SIMULATION_SEED'] ?? 1000);
const COUNT = Number(process.env['SIMULATION_COUNT'] ?? 300);

describe('any troubles of a tenant, many times', function () {
  this.timeout(1_800_000);

  it(`${COUNT} random scenarios from seed ${FIRST}: one outcome for each message, in time, within the limits`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) await runRandomScenario(seed);
  });
});
