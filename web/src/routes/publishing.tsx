import { useQuery } from '@tanstack/react-query';

import { capsulesOf, layerList } from '../api/publishing.ts';
import { useMay, useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { CapsuleTable } from '../ui/capsule-table.tsx';
import { EmptyNote } from '../ui/empty-note.tsx';
import { LayerTable } from '../ui/layer-table.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { PublisherKeySection } from './publisher-key-section.tsx';

export function Publishing() {
  return (
    <>
      <PageTitle title={m.publishing.title} lead={m.publishing.lead} />
      <div className="space-y-12">
        <CapsuleSection />
        {useMay('publisher-keys:read') && <PublisherKeySection />}
        {useMay('capsules:publish') && <LayerSection />}
      </div>
    </>
  );
}

function CapsuleSection() {
  const { handle } = useTenant();
  const capsules = useQuery(capsulesOf(handle));
  return (
    <section>
      <SectionTitle title={m.ownCapsules.title} lead={m.ownCapsules.lead} />
      <Loaded
        query={capsules}
        skeleton={<RowsSkeleton rows={3} />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.ownCapsules.none}</EmptyNote>}
      >
        {(list) => <CapsuleTable listings={list} />}
      </Loaded>
    </section>
  );
}

function LayerSection() {
  const tenant = useTenant();
  const layers = useQuery(layerList(tenant.id));
  return (
    <section>
      <SectionTitle title={m.layers.title} lead={m.layers.lead} />
      <Loaded
        query={layers}
        skeleton={<RowsSkeleton rows={2} />}
        isEmpty={(list) => list.length === 0}
        empty={<EmptyNote>{m.layers.none}</EmptyNote>}
      >
        {(list) => <LayerTable layers={list} />}
      </Loaded>
    </section>
  );
}
