/** The answer of the route behind "Test connection", as it arrives: failures as JSON. */
import type { By } from '../../src/api/query';
import type { Check } from '../../src/tenant/connection-test';

interface ToldFailure { code: string; message: string; category: string; advice: string }

export type ConnectionTestAnswer = Omit<Check, By | 'error'> & Record<By, { available: boolean; error?: ToldFailure }> & { error?: ToldFailure };
