export * from './accounts.ts';
export * from './budgets.ts';
export * from './capsules.ts';
export * from './evidence.ts';
export * from './installations.ts';
export * from './publishers.ts';
export * from './runners.ts';
export * from './runs.ts';
