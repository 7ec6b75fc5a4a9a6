import type { Schedule } from '#contracts/api/schedules';
import type { ScheduleId } from '#contracts/ids';

import { requirePermission, type Verb } from '../../context.ts';
import { findSchedule } from './find.ts';

/** @throws NotFound */
export async function getSchedule({ ctx, input }: Verb<{ readonly id: ScheduleId }>): Promise<Schedule> {
  requirePermission(ctx, 'schedules:read');
  return findSchedule(ctx, input.id);
}
