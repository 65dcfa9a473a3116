import type { Delivery, NotifyLimits } from '../../src/job/notify-tries.ts';
import type { Random } from '../../src/ports.ts';
import { systemClock } from '../../src/system-clock.ts';

/** Chance beyond all chance: pauses between tries are 0.5 + this / 2 of their length, which is nothing. */
export const noPause: Random = () => -1;

/** Three tries in real time, without pauses. */
export function quickDelivery(limits: Partial<NotifyLimits> = {}, signal?: AbortSignal): Delivery {
  return {
    limits: { tries: 3, tryMs: 10_000, totalMs: 30_000, ...limits },
    clock: systemClock,
    random: noPause,
    signal,
  };
}
