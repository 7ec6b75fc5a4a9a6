import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { call } from '#cli/http';
import * as tokensApi from '#contracts/operations/tokens';
import { RunningTenant } from '#support/running-tenant';

import { timeCommand } from './measure.ts';
import { installPython, timeRun } from './run-start.ts';
const dir = mkdtempSync('/tmp/soma-trace-');
const lines: string[] = [];
const orig = console.error;
console.error = (...a: unknown[]) => {
  lines.push(a.join(' '));
};
const platform = fork(path.join(import.meta.dirname, '../support/run-platform.ts'), [dir, '--runners'], {
  execArgv: process.env['XPROF'] ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : [],
});
const [m] = (await once(platform, 'message')) as any;
const tenant = await RunningTenant.create(m.publicUrl, 'eu-west-1');
const python = await installPython(tenant);
const byKey = tenant.connection;
const byToken = { ...byKey, credential: (await call(tokensApi.issue, {}, byKey)).token };
await delay(4000);
const { execSync } = await import('node:child_process');
const cpu = () => {
  const out = new Map<string, number>();
  const ps = execSync('ps -eo pid,ppid,args --no-headers', { encoding: 'utf8' })
    .split('\n')
    .map((l) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(l))
    .filter((x) => x !== null)
    .map((x) => ({ pid: Number(x[1]), ppid: Number(x[2]), args: x[3]! }));
  const kids = (pid: number): { pid: number; args: string }[] =>
    ps.filter((p) => p.ppid === pid).flatMap((p) => [p, ...kids(p.pid)]);
  const ticks = (pid: number) => {
    try {
      const f = readFileSync('/proc/' + pid + '/stat', 'utf8');
      const r = f.slice(f.lastIndexOf(')') + 2).split(' ');
      return (Number(r[11]) + Number(r[12]) + Number(r[13]) + Number(r[14])) * 10;
    } catch {
      return 0;
    }
  };
  const name = (pid: number, args: string) =>
    pid === m.pids.runner
      ? 'runner'
      : pid === m.pids.worker
        ? 'worker-node'
        : pid === m.pids.router
          ? 'router-node'
          : /postgres/.test(args)
            ? 'postgres'
            : /clickhouse/.test(args)
              ? 'clickhouse'
              : /redis/.test(args)
                ? 'redis'
                : /workerd/.test(args)
                  ? 'workerd of ' +
                    (ps.find((p) => p.pid === pid)!.ppid === m.pids.worker
                      ? 'cell'
                      : ps.find((p) => p.pid === pid)!.ppid === m.pids.router
                        ? 'router'
                        : 'other')
                  : args.split(' ')[0]!.split('/').pop()!;
  for (const p of [{ pid: platform.pid!, args: 'supervisor' }, ...kids(platform.pid!)]) {
    const n = name(p.pid, p.args);
    out.set(n, (out.get(n) ?? 0) + ticks(p.pid));
  }
  return out;
};
let before = new Map<string, number>();
const t: number[] = [],
  bare: number[] = [];
for (let i = 0; i < 45; i++) {
  if (i === 5) before = cpu();
  await delay(300);
  const x = await timeRun(byToken, python);
  if (i >= 5) t.push(x.firstByteMs);
  await delay(100);
  bare.push((await timeCommand(process.execPath, ['-e', 'console.log(1)'])).firstByteMs);
}
const after = cpu();
await delay(500);
platform.kill('SIGTERM');
await once(platform, 'exit');
for (const f of readdirSync(path.join(dir, 'logs')))
  lines.push(...readFileSync(path.join(dir, 'logs', f), 'utf8').split('\n'));
const ev = lines
  .flatMap((l) => {
    const x = /TRACE (\S+) ([\d.]+)/.exec(l);
    return x ? [{ n: x[1]!, at: Number(x[2]) }] : [];
  })
  .sort((a, b) => a.at - b.at);
const runs: { n: string; at: number }[][] = [];
const starts = ev
  .filter((e) => e.n === 'client-start')
  .map((e) => e.at)
  .slice(5);
for (const s of starts) {
  const e2: { n: string; at: number }[] = [];
  const seen = new Map<string, number>();
  for (const e of ev)
    if (e.at >= s - 0.5 && e.at < s + 350) {
      const k = (seen.get(e.n) ?? 0) + 1;
      seen.set(e.n, k);
      e2.push({ n: k > 1 ? e.n + '#' + k : e.n, at: e.at - s });
    }
  runs.push(e2);
}
const names = new Map<string, number[]>();
for (const r of runs) for (const e of r) names.set(e.n, [...(names.get(e.n) ?? []), e.at]);
const med = (v: number[]) => v.toSorted((a, b) => a - b)[Math.floor(v.length / 2)]!;
const mean = (v: number[]) => {
  const s = v.toSorted((a, b) => a - b).slice(2, -4);
  return s.reduce((a, b) => a + b, 0) / s.length;
};
console.log(
  'CPU ms a run:',
  [...after]
    .map(([n, v]) => n + ' ' + ((v - (before.get(n) ?? 0)) / 40).toFixed(1))
    .filter((x) => !x.endsWith(' 0.0'))
    .join(', '),
);
console.log('first byte p50', med(t).toFixed(1), 'bare', med(bare).toFixed(1));
for (const [n, v] of [...names]
  .filter(([, v]) => v.length > 20)
  .map(([n, v]) => [n, mean(v), v.length] as const)
  .sort((a, b) => a[1] - b[1]))
  console.log(v.toFixed(1).padStart(7), n);
