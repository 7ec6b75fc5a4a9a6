import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import type { RunResult } from '../run-result.ts';
import { type RunnerWorld } from '../runner-process.ts';
import { until } from '../until.ts';

/** What there is to find of a neighbour. */
export interface Belongings {
  readonly process: string;
  readonly file: string;
  readonly secret: string;
  /** An abstract name, and a port of loopback. */
  readonly socket: string;
  readonly port: number;
}

const PORT = 18_733;
const LIFE_MS = 900_000;
const ENOUGH = 'enough';
const Output = z.object({ ticks: z.int(), chain: z.string(), visits: z.int(), isFileMine: z.boolean() });

/** Counts and hashes on until a file appears in its bundle's folder, which only the host can put there. */
const SOURCE = `import ctypes, hashlib, os, socket, time
def main(input, soma):
    ctypes.CDLL(None).prctl(15, input["process"].encode(), 0, 0, 0)
    secret = soma.secret(input["secret"])
    path = "/tmp/" + input["file"]
    open(path, "w").write(secret)
    doors = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
    doors[0].bind(b"\\0" + input["socket"].encode())
    doors[1].bind(("127.0.0.1", input["port"]))
    for door in doors:
        door.listen()
        door.setblocking(False)
    chain, ticks, visits = b"", 0, 0
    while not os.path.exists("/capsule/${ENOUGH}"):
        chain = hashlib.sha256(chain + secret.encode()).digest()
        ticks += 1
        soma.event("tick", ticks)
        for door in doors:
            try:
                door.accept()
                visits += 1
            except BlockingIOError:
                pass
        time.sleep(0.05)
    return {"ticks": ticks, "chain": chain.hex(), "visits": visits, "isFileMine": open(path).read() == secret}
`;

/** A run beside hostile ones, with things of its own, which works on as if they were not there. */
export class Neighbour {
  readonly belongings: Belongings;
  readonly #world: RunnerWorld;
  readonly #secretValue = randomBytes(24).toString('hex');
  #runId = '';
  #running: Promise<RunResult> | undefined;

  private constructor(world: RunnerWorld) {
    this.#world = world;
    const mark = randomBytes(3).toString('hex');
    this.belongings = {
      process: `neighbr-${mark}`,
      file: `diary-${mark}`,
      secret: `KEY_${mark.toUpperCase()}`,
      socket: `soma-neighbour-${mark}`,
      port: PORT,
    };
  }

  static async moveIn(world: RunnerWorld): Promise<Neighbour> {
    const neighbour = new Neighbour(world);
    await neighbour.#begin();
    return neighbour;
  }

  /** How often it came round so far. */
  async ticks(): Promise<number> {
    return (await this.#world.frames(this.#runId)).filter(({ kind }) => kind === 'event').length;
  }

  async goesOn(): Promise<void> {
    const before = await this.ticks();
    await until('the neighbour going on', async () => (await this.ticks()) > before);
  }

  /** Lets it end. @throws where its result is not the one that undisturbed work has */
  async moveOut(): Promise<void> {
    writeFileSync(join(this.#folder(), ENOUGH), '');
    const result = await this.#running;
    if (!result) throw new Error('it never moved in');
    await this.#world.acknowledge(this.#runId, result.end.seq);
    const output = Output.parse(result.output);
    const isRight = output.chain === this.#chainOf(output.ticks) && output.isFileMine && output.visits === 0;
    if (!isRight) throw new Error(`the neighbour was disturbed: ${JSON.stringify(output)}`);
  }

  async #begin(): Promise<void> {
    const { secret, process } = this.belongings;
    const start = await this.#world.prepare(
      { 'main.py': `# ${process}\n${SOURCE}` },
      {
        runtime: 'python3.11',
        input: { ...this.belongings },
        secrets: { [secret]: this.#secretValue },
        resources: { timeoutMs: LIFE_MS },
      },
    );
    this.#runId = start.runId;
    this.#running = this.#world.execute(start);
    this.#running.catch(() => undefined);
    await until('the neighbour being at work', async () => (await this.ticks()) > 0);
  }

  #chainOf(ticks: number): string {
    let chain = Buffer.alloc(0);
    for (let tick = 0; tick < ticks; tick += 1) {
      chain = createHash('sha256').update(chain).update(this.#secretValue).digest();
    }
    return chain.toString('hex');
  }

  #folder(): string {
    const sandboxes = join(this.#world.dataDirectory, 'sandboxes');
    const isMine = (folder: string) => {
      const main = join(folder, 'main.py');
      return existsSync(main) && readFileSync(main, 'utf8').startsWith(`# ${this.belongings.process}\n`);
    };
    const folder = readdirSync(sandboxes).map((name) => join(sandboxes, name));
    const mine = folder.find((candidate) => isMine(candidate));
    if (mine === undefined) throw new Error('the neighbour is gone');
    return mine;
  }
}
