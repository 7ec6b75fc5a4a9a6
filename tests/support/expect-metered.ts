import { expect } from 'vitest';

import type { IsolationClass } from '#contracts/isolation';

import type { Measured } from './metering-world.ts';
import { partsOf } from './spinning-capsule.ts';

const BYTE_US_PER_BYTE_SECOND = 1_000_000n;

interface Spinning {
  readonly engine: string;
  readonly isolation: IsolationClass;
  readonly ms: number;
}

/**
 * Holds what a spinning capsule is charged for against accounts that nothing of the metering has a part in. Each is of the very run, and counts what a noisy machine does to it as the
 * metering must, so that nothing here depends on how long anything takes.
 */
export function expectMetered(measured: Measured, { engine, isolation, ms }: Spinning): void {
  const { usage, kernelUs, saidUs, hostUs, tasks, grantedBytes } = measured;
  const { own, start, endUs, initUs } = partsOf(measured);
  console.log(
    `${engine} ${isolation} ${ms} ms: metered ${usage.cpuUs} µs, parent group ${Math.round(kernelUs.atLastWord)} to ${Math.round(kernelUs.atEnd)} µs, capsule ${Math.round(own.cpuUs)} µs, ` +
      `start ${Math.round(start.cpuUs)} µs, end ${Math.round(endUs)} µs, process 1 ${Math.round(initUs)} µs; ` +
      `wall ${usage.wallUs} µs, capsule ${Math.round(own.wallUs)} µs, host ${Math.round(hostUs)} µs`,
  );

  // CPU: what the kernel charged the group around it, and what it charged its processes one by one. gVisor goes on with its own work while the metering looks.
  expect(usage.cpuUs).toBeGreaterThan(kernelUs.atLastWord * 0.99);
  expect(usage.cpuUs).toBeLessThan(kernelUs.atEnd * 1.01);
  if (tasks) {
    expect(kernelUs.atEnd - usage.cpuUs).toBeLessThan(kernelUs.atEnd / 100);
    const chargedUs = own.cpuUs + start.cpuUs + endUs + initUs;
    expect(own.cpuUs).toBeGreaterThanOrEqual(ms * 1_000);
    expect(usage.cpuUs).toBeGreaterThan(own.cpuUs);
    expect(Math.abs(chargedUs - usage.cpuUs)).toBeLessThan(own.cpuUs / 100);
  } else {
    // What a process uses in gVisor is what gVisor thinks it uses; the kernel charges for gVisor, too.
    expect(usage.cpuUs).toBeGreaterThan(0);
  }

  // Wall: to the microsecond what process 1 measured; no less than the capsule saw by its own clock, with what is known of its start and its end; no more than this process saw.
  expect(usage.wallUs).toBe(saidUs);
  expect(own.wallUs).toBeGreaterThanOrEqual(ms * 1_000);
  expect(usage.wallUs).toBeGreaterThan(own.wallUs + start.wallUs + endUs);
  expect(usage.wallUs).toBeLessThan(isolation === 'standard' ? hostUs : hostUs * 1.01);

  // Memory: the grant over that time, to the byte-second.
  const byteUs = BigInt(grantedBytes) * BigInt(usage.wallUs);
  const tooMuch = BigInt(usage.memoryByteSeconds) * BYTE_US_PER_BYTE_SECOND - byteUs;
  expect(tooMuch >= 0n && tooMuch < BYTE_US_PER_BYTE_SECOND).toBe(true);
}
