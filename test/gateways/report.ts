/** What each trouble did to the messages, before the tenant's troubles were waited for and now: printed when all tests have run. */
const rows: [trouble: string, before: string, now: string][] = [];

export const report = (trouble: string, before: string, now: string): void => void rows.push([trouble, before, now]);

after(() => {
  if (rows.length === 0) return;
  console.log('\n| trouble | before | now |\n|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
});
