/** The objects a cell's Worker hosts. The global directory is the router's. */
export { AuditLog } from './audit-log/audit-log.ts';
export { Fleet } from './fleet/fleet.ts';
export { Run } from './run/run.ts';
export { UsageMeter } from './usage-meter/usage-meter.ts';
