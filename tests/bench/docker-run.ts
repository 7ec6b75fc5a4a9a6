import { Resources } from '#contracts/manifest';
import { type ImageName, imageTag } from '#runner/images/recipe';

import { timeCommand, type Timing } from './measure.ts';

/** `docker run` of the sandbox's own image under the sandbox's own flags (runner-fleet/executor/docker-flags.ts): what a run would cost cold. */
export function dockerRun(image: ImageName, [program, ...args]: readonly [string, ...string[]]): Promise<Timing> {
  const { memoryBytes, cpuMillis, pids, diskBytes } = Resources.parse({});
  const flags = [
    '--rm',
    '--network=none',
    '--read-only',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    '--user=65532:65532',
    '--ipc=none',
    '--cgroupns=private',
    `--memory=${memoryBytes}`,
    `--memory-swap=${memoryBytes}`,
    `--cpus=${cpuMillis / 1_000}`,
    `--pids-limit=${pids}`,
    '--ulimit=nofile=1024:1024',
    '--ulimit=core=0:0',
    `--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=${diskBytes},mode=1777`,
    '--log-driver=none',
    `--entrypoint=${program}`,
  ];
  return timeCommand('docker', ['run', ...flags, imageTag(image), ...args]);
}
