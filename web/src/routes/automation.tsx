import { useMay } from '../features/session.ts';
import { m } from '../messages/index.ts';
import { PageTitle } from '../ui/page-title.tsx';
import { ScheduleSection } from './schedule-section.tsx';
import { WebhookSection } from './webhook-section.tsx';

export function Automation() {
  return (
    <>
      <PageTitle title={m.automation.title} lead={m.automation.lead} />
      <div className="space-y-12">
        <ScheduleSection />
        {useMay('webhooks:read') && <WebhookSection />}
      </div>
    </>
  );
}
