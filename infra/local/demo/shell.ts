import type { z } from 'zod';

import type { Host } from '#cli/context';
import { runCli } from '#cli/run-cli';

export interface Spoken {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody's command line: `soma` with a configuration of its own, run in this process. */
export class Shell {
  readonly configDirectory: string;
  private readonly origin: string;

  constructor(origin: string, configDirectory: string) {
    this.origin = origin;
    this.configDirectory = configDirectory;
  }

  /** Whatever comes of it; `hear` gets what the command says on stderr, as it says it. */
  async attempt(args: readonly string[], hear: (text: string) => void = () => {}): Promise<Spoken> {
    const spoken = { stdout: '', stderr: '' };
    const host: Host = {
      stdin: silence(),
      stdout: {
        write: (text) => {
          spoken.stdout += text;
        },
      },
      stderr: {
        write: (text) => {
          spoken.stderr += text;
          hear(text);
        },
      },
      env: { SOMA_URL: this.origin, SOMA_CONFIG_DIR: this.configDirectory, CI: '1' },
      exitCode: null,
      onceInterrupted: () => {},
    };
    return { exitCode: await runCli(args, host), ...spoken };
  }

  /** @throws where the command does not succeed */
  async soma(args: readonly string[], hear?: (text: string) => void): Promise<Spoken> {
    const spoken = await this.attempt(args, hear);
    if (spoken.exitCode !== 0)
      throw new Error(`soma ${args.join(' ')} ended with ${spoken.exitCode}:\n${spoken.stderr}`);
    return spoken;
  }

  async json<T>(schema: z.ZodType<T>, args: readonly string[]): Promise<T> {
    return schema.parse(JSON.parse((await this.soma([...args, '--json'])).stdout));
  }
}

async function* silence(): AsyncGenerator<never> {}
