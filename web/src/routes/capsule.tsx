import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import type { CapsuleDetail, VersionSummary } from '#contracts/api/capsules';
import { includes } from '#contracts/permissions';

import { capsuleDetail, capsuleRelease } from '../api/capsules.ts';
import { useCurrentTenant, useSession } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { CapsuleFacts } from '../ui/capsule-facts.tsx';
import { CapsuleTabs } from '../ui/capsule-tabs.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { Seal } from '../ui/seal.tsx';
import { PageSkeleton } from '../ui/skeleton.tsx';
import { Touches } from '../ui/touches.tsx';
import { VerifiedTag } from '../ui/verified-tag.tsx';
import { CapsuleAction } from './capsule-action.tsx';
import { VersionStatusDialog } from './version-status-dialog.tsx';

const route = getRouteApi('/capsules/$publisher/$slug');

export function CapsulePage() {
  const { publisher, slug } = route.useParams();
  const { version } = route.useSearch();
  const capsule = useQuery(capsuleDetail(`${publisher}/${slug}`));
  return (
    <Loaded query={capsule} skeleton={<PageSkeleton />} notFound={m.capsule.notFound}>
      {(detail) => (
        <Content capsule={detail} version={version ?? detail.latestVersion ?? detail.versions[0]?.version} />
      )}
    </Loaded>
  );
}

function Content({ capsule, version }: { capsule: CapsuleDetail; version: string | undefined }) {
  const summary = capsule.versions.find((candidate) => candidate.version === version);
  return (
    <>
      <title>{`${capsule.title} · Soma`}</title>
      <div className="flex flex-wrap items-center gap-x-5 gap-y-4">
        <Seal digest={summary?.digest ?? capsule.latestDigest} size={68} />
        <div className="min-w-0 flex-1 basis-64">
          <p className="text-sm wrap-anywhere text-ink-2">
            {capsule.name} {capsule.isPublisherVerified && <VerifiedTag />}
          </p>
          <h1 className="text-xl sm:text-2xl">
            {capsule.title} <span className="figures align-middle text-base font-normal text-ink-3">{version}</span>
          </h1>
          {summary && summary.status !== 'active' && (
            <span className="tag tag-warn">{m.capsule.status[summary.status]}</span>
          )}
        </div>
        <CapsuleAction capsule={capsule} version={version} />
      </div>
      {version === undefined ? (
        <p className="mt-6 text-ink-2">{m.capsule.retired}</p>
      ) : (
        <Release capsule={capsule} version={version} />
      )}
    </>
  );
}

function Release({ capsule, version }: { capsule: CapsuleDetail; version: string }) {
  const { data: me } = useSession();
  const tenant = useCurrentTenant(me);
  const mayChange = tenant?.handle === capsule.publisher && includes(tenant.role, 'capsules:publish');
  const [changing, setChanging] = useState<VersionSummary>();
  const release = useQuery(capsuleRelease(capsule.name, version));
  return (
    <div className="mt-8">
      <Loaded query={release} skeleton={<PageSkeleton />}>
        {(loaded) => (
          <div className="grid gap-x-14 gap-y-8 lg:grid-cols-[minmax(0,1fr)_21rem] lg:grid-rows-[auto_1fr]">
            <div className="lg:col-start-2">
              <Touches permissions={loaded.version.permissions} />
            </div>
            <CapsuleTabs capsule={capsule} release={loaded} onChangeStatus={mayChange ? setChanging : undefined} />
            <CapsuleFacts release={loaded} />
          </div>
        )}
      </Loaded>
      {tenant && changing && (
        <VersionStatusDialog
          tenant={tenant}
          capsule={capsule}
          summary={changing}
          onDone={() => setChanging(undefined)}
        />
      )}
    </div>
  );
}
