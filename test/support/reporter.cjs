'use strict';
const { reporters } = require('mocha');

/** Mocha's spec reporter, closed by one plain line that counts; what a second try was needed for stands before it, with the error of the first. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const again = [];
    runner.on('retry', (test, error) => again.push(`${test.fullTitle()}: ${error.stack}`));
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      if (again.length > 0) console.log(`\nSecond tries: ${again.length}\n${again.join('\n')}`);
      console.log(`\n${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}`);
    });
  }
};
