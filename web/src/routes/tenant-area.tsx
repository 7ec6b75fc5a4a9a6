import { Link, Outlet, useLocation } from '@tanstack/react-router';

import { TenantContext, useCurrentTenant, useSession } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { EmptyNote } from '../ui/empty-note.tsx';
import { PageTitle } from '../ui/page-title.tsx';

/** Gives the pages below it the tenant they are about. A change of tenant starts them anew. */
export function TenantArea() {
  const { data: me } = useSession();
  const tenant = useCurrentTenant(me);
  const { href } = useLocation();
  if (!tenant)
    return (
      <>
        <PageTitle title={m.tenant.noneTitle} />
        <EmptyNote
          action={
            <Link to="/tenants/new" search={{ next: href }} className="button button-primary">
              {m.tenant.title}
            </Link>
          }
        >
          {m.tenant.none}
        </EmptyNote>
      </>
    );
  return (
    <TenantContext key={tenant.id} value={tenant}>
      <Outlet />
    </TenantContext>
  );
}
