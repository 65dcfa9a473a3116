/**
 * For tests of processes: `NODE_OPTIONS=--import=<this file>` lets the wall clock of a process begin at
 * `TEST_CLOCK_STARTS_AT` (ms since 1970) and go on from there. The monotonic clock is untouched.
 */
const startsAt = Number(process.env['TEST_CLOCK_STARTS_AT']);
const RealDate = Date;
const shift = Number.isFinite(startsAt) ? startsAt - RealDate.now() : 0;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [target.now() + shift] : values, newTarget),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shift : Reflect.get(target, name, receiver),
});
