import { startPlatform } from '#local/platform';
import { freePlatformPorts } from '#local/ports';

/**
 * A platform in a process of its own, so that a test can kill its supervisor and a benchmark measures from outside:
 * `node run-platform.ts <data directory> [--runners]`.
 */
const [dataDirectory = '', flag] = process.argv.slice(2);
const withRunners = flag === '--runners';
const ports = await freePlatformPorts();
const platform = await startPlatform({ dataDirectory, ports, runnersPerCell: withRunners ? 1 : 0 });
process.once('SIGTERM', () => void platform.stop().then(() => process.exit(0)));
const pids = withRunners
  ? {
      runner: platform.pid('runner:eu-west-1'),
      worker: platform.pid('worker:eu-west-1'),
      router: platform.pid('router'),
      postgres: platform.pid('postgres:eu-west-1'),
    }
  : undefined;
process.send?.({ kind: 'up', publicUrl: platform.publicUrl, ports, pids });
