// Byte sizes and durations, as flags take them and as the screen shows them.

import { z } from 'zod';

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti'] as const;

/** A schema for a number of bytes: `1000000`, `512MiB`, `4GiB`. `K`, `M` and `G` mean `KiB`, `MiB` and `GiB`. */
export const size = z
  .string()
  .regex(/^\d+(\.\d+)?\s*([KMGT](iB?|B)?)?$/i, 'a size such as 512MiB or 4GiB')
  .transform(text => {
    const [, number = '0', unit = ''] = /^([\d.]+)\s*([KMGT]?)/i.exec(text) ?? [];
    return Math.round(Number(number) * 1024 ** UNITS.findIndex(each => each.charAt(0) === unit.toUpperCase()));
  });

/** The size for people: `4.0 GiB`. */
export function formatBytes(count: number): string {
  let unit = 0;
  let value = count;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return unit === 0 ? `${count} B` : `${value.toFixed(1)} ${UNITS[unit]}B`;
}

/** The duration as a flag takes it: `90s`, `24h`, `7d`. */
export function formatDuration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const;
  for (const [length, unit] of units) if (ms >= length && ms % length === 0) return `${ms / length}${unit}`;
  return `${ms}ms`;
}
