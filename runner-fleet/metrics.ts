import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Frame } from '#contracts/frames';

/** What there is to read at the moment of a scrape. */
export interface Gauges {
  running(): number;
  waiting(): number;
  capacity(): number;
  warm(): Record<string, number>;
  isDraining(): boolean;
  /** Offered ones. */
  isolationClasses(): readonly string[];
  executor(): string;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #ended = new Counter({
    name: 'soma_runner_runs_ended_total',
    help: 'Runs that ended, by terminal state and cause',
    labelNames: ['state', 'cause'],
    registers: [this.#registry],
  });
  readonly #cpuSeconds = new Counter({
    name: 'soma_runner_run_cpu_seconds_total',
    help: 'CPU time of ended runs, as their receipts say',
    registers: [this.#registry],
  });
  readonly #wallSeconds = new Histogram({
    name: 'soma_runner_run_wall_seconds',
    help: 'Wall time of ended runs',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
    registers: [this.#registry],
  });
  readonly #faults = new Counter({
    name: 'soma_runner_faults_total',
    help: 'Things that went wrong inside this runner',
    labelNames: ['what'],
    registers: [this.#registry],
  });
  readonly #reaped = new Counter({
    name: 'soma_runner_sandboxes_reaped_total',
    help: 'Sandboxes that nobody used, and that did not go by themselves',
    registers: [this.#registry],
  });

  constructor(gauges: Gauges) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'soma_runner_' });
    this.#gauge('soma_runner_runs_running', 'Runs under way', () => gauges.running());
    this.#gauge('soma_runner_runs_waiting', 'Runs that wait for a place or a sandbox', () => gauges.waiting());
    this.#gauge('soma_runner_capacity', 'Runs this runner takes at a time', () => gauges.capacity());
    this.#gauge('soma_runner_draining', '1 while this runner takes no more runs', () => (gauges.isDraining() ? 1 : 0));
    const warm: Gauge<'image' | 'isolation'> = new Gauge({
      name: 'soma_runner_warm_sandboxes',
      help: 'Booted sandboxes that wait for a run',
      labelNames: ['image', 'isolation'],
      registers: [],
      collect: () => {
        for (const [key, count] of Object.entries(gauges.warm())) {
          const [image = '', isolation = ''] = key.split('/');
          warm.set({ image, isolation }, count);
        }
      },
    });
    this.#registry.registerMetric(warm);
    const offered: Gauge<'executor' | 'isolation'> = new Gauge({
      name: 'soma_runner_isolation_offered',
      help: '1 for each isolation class that is proven and whose sandboxes come up, by what makes them',
      labelNames: ['executor', 'isolation'],
      registers: [],
      collect: () => {
        const executor = gauges.executor();
        offered.reset();
        for (const isolation of gauges.isolationClasses()) offered.set({ executor, isolation }, 1);
      },
    });
    this.#registry.registerMetric(offered);
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) });
    this.#registry.registerMetric(gauge);
  }

  runEnded({ outcome, usage }: Extract<Frame, { kind: 'end' }>): void {
    this.#ended.inc({ state: outcome.state, cause: outcome.cause });
    this.#cpuSeconds.inc(usage.cpuUs / 1e6);
    this.#wallSeconds.observe(usage.wallUs / 1e6);
  }

  fault(what: string): void {
    this.#faults.inc({ what });
  }

  reaped(count: number): void {
    this.#reaped.inc(count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
