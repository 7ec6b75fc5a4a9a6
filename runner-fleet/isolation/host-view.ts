import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import type { ControlGroup } from '../executor/control-group.ts';
import type { HostProcess, OutsideView } from './judge.ts';

export function viewFromOutside(group: ControlGroup): OutsideView {
  return { limits: group.limits(), processes: group.processes().map((pid) => hostProcess(pid)) };
}

function hostProcess(pid: number): HostProcess {
  const status = statusOf(pid);
  return {
    name: `process ${pid} (${status.get('Name') ?? '?'})`,
    uid: Number(status.get('Uid')?.split('\t')[0]),
    effectiveCapabilities: status.get('CapEff') ?? '',
    seccompMode: Number(status.get('Seccomp')),
    hasNoNewPrivileges: status.get('NoNewPrivs') === '1',
    sharedNamespaces: readdirSync(`/proc/${pid}/ns`).filter(
      (name) => readlinkSync(`/proc/${pid}/ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`),
    ),
    mapsRootOfHost: mapsRootOfHost(pid),
    interfaces: interfacesOf(pid),
  };
}

function statusOf(pid: number): Map<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

/** As seen from the runner's own user namespace (user_namespaces(7)): lines of first id inside, first id outside, how many. */
function mapsRootOfHost(pid: number): boolean {
  const lines = readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split('\n');
  return lines.some((line) => line.trim().split(/\s+/)[1] === '0');
}

function interfacesOf(pid: number): string[] {
  const [, , ...lines] = readFileSync(`/proc/${pid}/net/dev`, 'utf8').trim().split('\n');
  return lines.map((line) => line.split(':')[0]?.trim() ?? '');
}
