import { ISOLATION_CLASSES, type IsolationClass } from '#contracts/isolation';

import type { Executor } from '../executor/executor.ts';
import { log } from '../log.ts';
import { standingShapes } from '../pool/shape.ts';
import type { WarmPool } from '../pool/warm-pool.ts';
import { assertIsolation } from './assert-isolation.ts';
import { type Offer, offerOf } from './offer.ts';
import { IsolationProofs, type IsolationProofsOptions } from './proofs.ts';

/** Without it a runner is not ready. */
export const REQUIRED_CLASS: IsolationClass = 'standard';

export interface IsolationOffersOptions extends Pick<IsolationProofsOptions, 'onFault'> {
  readonly executor: Pick<Executor, 'boot' | 'hasOwnUserNamespace' | 'name'>;
  /** The required class stands in it already. */
  readonly pool: Pick<WarmPool, 'stand' | 'supply'>;
}

/** The isolation classes of a runner: what it has proven, and of that what it takes runs of now. */
export class IsolationOffers {
  readonly #pool: IsolationOffersOptions['pool'];
  readonly #proofs: IsolationProofs;

  constructor({ executor, pool, onFault }: IsolationOffersOptions) {
    this.#pool = pool;
    this.#proofs = new IsolationProofs({
      assertHolds: (isolation, urgency) => assertIsolation(executor, isolation, urgency),
      onHolds: (isolation) => {
        if (isolation !== REQUIRED_CLASS) pool.stand(standingShapes(isolation));
        log('info', 'isolation is proven', { executor: executor.name, isolation });
      },
      onFault,
    });
  }

  /** The required class first; the others once it holds, and without anybody waiting for them. @throws what does not hold of it */
  async prove(classes: readonly IsolationClass[]): Promise<void> {
    await this.#proofs.prove(REQUIRED_CLASS);
    for (const isolation of classes) if (isolation !== REQUIRED_CLASS) this.#proofs.proveInBackground(isolation);
  }

  /** Until somebody knows of this runner, who may ask for them, the other classes leave the processors to what starts around it. */
  becomeKnown(): void {
    this.#proofs.openBackground();
  }

  get proven(): IsolationClass[] {
    return ISOLATION_CLASSES.filter((isolation) => this.#proofs.of(isolation)?.kind === 'holds');
  }

  classes(kind: Offer['kind']): IsolationClass[] {
    return ISOLATION_CLASSES.filter((isolation) => this.#offer(isolation).kind === kind);
  }

  /** Of each class whether it is offered, or why not. */
  describe(): Record<string, string> {
    return Object.fromEntries(
      ISOLATION_CLASSES.map((isolation) => {
        const offer = this.#offer(isolation);
        return [isolation, offer.kind === 'offered' ? offer.kind : offer.because];
      }),
    );
  }

  close(): Promise<void> {
    return this.#proofs.close();
  }

  #offer(isolation: IsolationClass): Offer {
    return offerOf(this.#proofs.of(isolation), this.#pool.supply(isolation));
  }
}
