import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { layerList } from '../api/publishing.ts';
import { useTenant } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { EmptyNote } from '../ui/empty-note.tsx';
import { LayerTable } from '../ui/layer-table.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageTitle } from '../ui/page-title.tsx';
import { SectionTitle } from '../ui/section-title.tsx';
import { RowsSkeleton } from '../ui/skeleton.tsx';
import { PublisherKeySection } from './publisher-key-section.tsx';

export function Publishing() {
  const { handle } = useTenant();
  const mine = (
    <Link to="/" search={{ q: handle }} className="button">
      {m.publishing.mine(handle)}
    </Link>
  );
  return (
    <>
      <PageTitle title={m.publishing.title} lead={m.publishing.lead} action={mine} />
      <div className="space-y-12">
        <PublisherKeySection />
        <LayerSection />
      </div>
    </>
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
