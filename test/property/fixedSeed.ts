/** Set up for mutants: what fast-check draws is always the same, and what fails is not made small first. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_261_122, endOnFailure: true });
