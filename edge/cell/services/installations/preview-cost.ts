import type { CostPreview } from '#contracts/api/installations';
import type { InstallationId } from '#contracts/ids';
import type { Manifest } from '#contracts/manifest';
import { chargeNanos, CURRENCY, type Nanos, ZERO_NANOS } from '#contracts/money';
import { ceilingFor, PLATFORM_RATES } from '#contracts/pricing';

import { requirePermission, type Verb } from '../../context.ts';
import { findCapsule } from '../catalogue/find-capsule.ts';
import { chooseRelease } from './choose-release.ts';
import { findInstallation } from './find.ts';

/**
 * What one run of an installation can cost at most, line by line: the amount that is reserved before it starts.
 * @throws NotFound · DomainError `gone` · ApprovalRequired the installation could not run as it stands
 */
export async function previewCost({ ctx, input }: Verb<{ readonly id: InstallationId }>): Promise<CostPreview> {
  requirePermission(ctx, 'installations:read');
  const installation = await findInstallation(ctx, input.id);
  const release = await chooseRelease(ctx, await findCapsule(ctx, installation.capsule), installation);
  return { capsule: installation.capsule, version: release.version, ...costOf(release.manifest) };
}

/** Invariant: the lines' ceilings add up to `ceilingNanos`, which is what `ceilingFor` says. */
export function costOf(manifest: Manifest): Pick<CostPreview, 'currency' | 'lines' | 'ceilingNanos'> {
  const ceiling = ceilingFor(manifest);
  const { perRunNanos = ZERO_NANOS, meters } = manifest.pricing;
  const { cpuSecondNanos, memoryGibSecondNanos } = PLATFORM_RATES;
  const lines = [
    line('run', 'run', perRunNanos, ceiling.perRunNanos),
    line('cpu', 'core-second', cpuSecondNanos, ceiling.cpuNanos),
    line('memory', 'GiB-second', memoryGibSecondNanos, ceiling.memoryNanos),
    ...Object.entries(meters).map(([meter, { unitNanos, maxPerRun }]) =>
      line('meter', 'unit', unitNanos, chargeNanos(unitNanos, BigInt(maxPerRun)), meter),
    ),
  ];
  return { currency: CURRENCY, lines, ceilingNanos: ceiling.totalNanos.toString() };
}

type Line = CostPreview['lines'][number];

function line(
  item: Line['item'],
  unit: Line['unit'],
  unitNanos: Nanos,
  ceilingNanos: Nanos,
  meter: string | null = null,
): Line {
  return { item, meter, unit, unitNanos: unitNanos.toString(), ceilingNanos: ceilingNanos.toString() };
}
