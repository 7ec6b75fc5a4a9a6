import type { HttpOptions_Style, V4WorkerOptions } from 'miniflare';

import type { Cell } from '#contracts/cells';

import type { CellPorts, Ports } from '../ports.ts';
import type { BuiltWorker } from './build.ts';
import type { WorkerConfiguration } from './configuration.ts';

const LOOPBACK = '127.0.0.1';

/** Its name lives in Miniflare, which takes a quarter of a second to load; the processes that hold a workerd load it. */
const PROXY_STYLE = 1 satisfies (typeof HttpOptions_Style)['PROXY'];

/** Header in which Miniflare takes `request.cf` from whoever connects: what speaks for a client must not pass it on. */
const CF_HEADER = 'MF-CF-Blob';

type Bindings = Readonly<Record<string, string>>;

/**
 * The Workers of `wrangler.toml`, told only what differs on one machine: where the other processes are, and the secrets.
 * Everything else (objects, buckets, queues, limits, flags) is what production gets.
 */
export function routerOptions(
  built: BuiltWorker,
  ports: Ports,
  bindings: Bindings,
  assetsDirectory: string,
): V4WorkerOptions {
  const { configuration } = built;
  const { assets, ...options } = configuration.options;
  return {
    ...source(built),
    ...options,
    ...(assets ? { assets: { ...assets, directory: assetsDirectory } } : {}),
    name: configuration.name,
    bindings: withSecrets(configuration, bindings),
    mtlsCertificates: {},
    serviceBindings: bindServices(built, {
      'soma-cell-us-west-2': ports.cells['us-west-2'].worker,
      'soma-cell-eu-west-1': ports.cells['eu-west-1'].worker,
    }),
    unsafeDirectSockets: [{ host: LOOPBACK, port: ports.router }],
  };
}

export function cellOptions(built: BuiltWorker, cell: Cell, ports: Ports, bindings: Bindings): V4WorkerOptions {
  const { configuration } = built;
  // The cell's own assets are a robots.txt for its public host name, which a loopback address has not.
  const { assets: _assets, ...options } = configuration.options;
  return {
    ...source(built),
    ...options,
    name: configuration.name,
    bindings: withSecrets(configuration, bindings),
    mtlsCertificates: {},
    serviceBindings: {
      ...bindServices(built, {
        'soma-router': ports.router,
        'soma-cell-us-west-2': ports.cells['us-west-2'].worker,
        'soma-cell-eu-west-1': ports.cells['eu-west-1'].worker,
      }),
      ...certificateBindings(built, ports.cells[cell]),
    },
    unsafeDirectSockets: [{ host: LOOPBACK, port: ports.cells[cell].worker }],
  };
}

/** What production would be refused for lacking, a cell here must not lack unseen either. */
function withSecrets({ name, secrets, options }: WorkerConfiguration, bindings: Bindings) {
  const missing = secrets.filter((secret) => bindings[secret] === undefined);
  if (missing.length > 0) throw new Error(`${name} is given no ${missing.join(', no ')}`);
  return { ...options.bindings, ...bindings };
}

function source({ modules, modulesRoot }: BuiltWorker) {
  return { modules: modules.map(({ type, path }) => ({ type, path })), modulesRoot };
}

/** A binding to another Worker is a connection to its process; a binding to the Worker itself stays inside it. */
function bindServices({ configuration }: BuiltWorker, portOf: Readonly<Record<string, number>>) {
  const bound: NonNullable<V4WorkerOptions['serviceBindings']> = {};
  for (const [binding, { name, entrypoint }] of Object.entries(configuration.options.serviceBindings)) {
    const port = portOf[name];
    if (name === configuration.name) bound[binding] = { name, ...(entrypoint === undefined ? {} : { entrypoint }) };
    else if (port === undefined || entrypoint !== undefined)
      throw new Error(`${binding} cannot be bound to ${name} across processes`);
    else bound[binding] = external(port, { injectRequestHeaders: [{ name: CF_HEADER }] });
  }
  return bound;
}

/**
 * An `mtls_certificates` binding reaches any host with the cell's certificate. Here the SVID proxy does so: it gets
 * absolute-form request lines, as a forward proxy does, and makes the mTLS connection with the SVID of the moment.
 */
function certificateBindings({ configuration }: BuiltWorker, { svidProxy }: CellPorts) {
  const names = Object.keys(configuration.options.mtlsCertificates);
  return Object.fromEntries(names.map((name) => [name, external(svidProxy, { style: PROXY_STYLE })]));
}

function external(port: number, http: object) {
  return { external: { address: `${LOOPBACK}:${port}`, http } };
}
