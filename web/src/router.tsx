import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { z } from 'zod';

import { RunState } from '#contracts/run';

import { session } from './api/accounts.ts';
import { queries } from './api/queries.ts';
import { localPath } from './features/local-path.ts';
import { NotFound } from './routes/not-found.tsx';
import { PersonArea } from './routes/person-area.tsx';
import { RootError } from './routes/root-error.tsx';
import { Shell } from './routes/shell.tsx';
import { PageSkeleton } from './ui/skeleton.tsx';

/** Search parameters are what somebody typed: what does not fit is dropped, not an error page. */
const text = z.string().optional().catch(undefined);

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: RootError });

const gallery = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: z.object({ q: text, category: text }),
  component: lazyRouteComponent(() => import('./routes/gallery.tsx'), 'Gallery'),
});

const capsule = createRoute({
  getParentRoute: () => root,
  path: '/capsules/$publisher/$slug',
  validateSearch: z.object({ version: text }),
  component: lazyRouteComponent(() => import('./routes/capsule.tsx'), 'CapsulePage'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: z.object({ next: text }),
  beforeLoad: ({ search }) => leadOn(search.next),
  component: lazyRouteComponent(() => import('./routes/sign-in.tsx'), 'SignIn'),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: z.object({ next: text }),
  beforeLoad: ({ search }) => leadOn(search.next),
  component: lazyRouteComponent(() => import('./routes/sign-up.tsx'), 'SignUp'),
});

/** Who is signed in has nothing to do where one signs in: that page leads on to what comes after it. */
async function leadOn(next: string | undefined): Promise<void> {
  // Where the cell of an old session does not answer, one may still sign in to another.
  const me = await queries.ensureQueryData(session).catch(() => null);
  // A router takes a thrown redirect for an answer.
  // oxlint-disable-next-line typescript/only-throw-error
  if (me !== null) throw redirect({ href: localPath(next), replace: true });
}

/** Pages of who is signed in: everyone else signs in first and comes back. */
const person = createRoute({
  getParentRoute: () => root,
  id: 'person',
  beforeLoad: async ({ location }) => {
    const me = await queries.ensureQueryData(session);
    // A router takes a thrown redirect for an answer.
    // oxlint-disable-next-line typescript/only-throw-error
    if (me === null) throw redirect({ to: '/sign-in', search: { next: location.href } });
  },
  component: PersonArea,
});

const device = createRoute({
  getParentRoute: () => person,
  path: '/device',
  validateSearch: z.object({ user_code: text }),
  component: lazyRouteComponent(() => import('./routes/device.tsx'), 'Device'),
});

const newTenant = createRoute({
  getParentRoute: () => person,
  path: '/tenants/new',
  validateSearch: z.object({ next: text }),
  component: lazyRouteComponent(() => import('./routes/new-tenant.tsx'), 'NewTenant'),
});

/** Pages of one tenant. */
const tenant = createRoute({
  getParentRoute: () => person,
  id: 'tenant',
  component: lazyRouteComponent(() => import('./routes/tenant-area.tsx'), 'TenantArea'),
});

const installations = createRoute({
  getParentRoute: () => tenant,
  path: '/installations',
  component: lazyRouteComponent(() => import('./routes/installations.tsx'), 'Installations'),
});

const console = createRoute({
  getParentRoute: () => tenant,
  path: '/installations/$installation',
  validateSearch: z.object({ run: text }),
  component: lazyRouteComponent(() => import('./routes/run-console.tsx'), 'RunConsole'),
});

const settings = createRoute({
  getParentRoute: () => tenant,
  path: '/installations/$installation/settings',
  component: lazyRouteComponent(() => import('./routes/installation-settings.tsx'), 'InstallationSettings'),
});

const runs = createRoute({
  getParentRoute: () => tenant,
  path: '/runs',
  validateSearch: z.object({ state: RunState.optional().catch(undefined), capsule: text }),
  component: lazyRouteComponent(() => import('./routes/runs.tsx'), 'Runs'),
});

const run = createRoute({
  getParentRoute: () => tenant,
  path: '/runs/$run',
  component: lazyRouteComponent(() => import('./routes/run.tsx'), 'RunPage'),
});

const automation = createRoute({
  getParentRoute: () => tenant,
  path: '/automation',
  component: lazyRouteComponent(() => import('./routes/automation.tsx'), 'Automation'),
});

const usage = createRoute({
  getParentRoute: () => tenant,
  path: '/usage',
  component: lazyRouteComponent(() => import('./routes/usage.tsx'), 'UsagePage'),
});

const audit = createRoute({
  getParentRoute: () => tenant,
  path: '/audit',
  validateSearch: z.object({ outcome: z.enum(['success', 'refused']).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./routes/audit.tsx'), 'AuditPage'),
});

const apiKeys = createRoute({
  getParentRoute: () => tenant,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./routes/api-keys.tsx'), 'ApiKeys'),
});

const members = createRoute({
  getParentRoute: () => tenant,
  path: '/members',
  component: lazyRouteComponent(() => import('./routes/members.tsx'), 'Members'),
});

const publishing = createRoute({
  getParentRoute: () => tenant,
  path: '/publishing',
  component: lazyRouteComponent(() => import('./routes/publishing.tsx'), 'Publishing'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    gallery,
    capsule,
    signIn,
    signUp,
    person.addChildren([
      device,
      newTenant,
      tenant.addChildren([
        installations,
        console,
        settings,
        runs,
        run,
        automation,
        usage,
        audit,
        apiKeys,
        members,
        publishing,
      ]),
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
