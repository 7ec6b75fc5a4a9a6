/** Grey rows in place of a table or a list that is on its way; the size of what will stand there. */
export function RowsSkeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div aria-hidden className="divide-y divide-line border-y border-line">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex gap-6 py-3">
          <span className="skeleton h-4 w-1/4" />
          <span className="skeleton h-4 w-1/3" />
          <span className="skeleton ml-auto h-4 w-16" />
        </div>
      ))}
    </div>
  );
}

/** How many there are, and the cards. */
export function CardsSkeleton({ cards = 6 }: { cards?: number }) {
  return (
    <div aria-hidden>
      <span className="skeleton mb-3 block h-5 w-24" />
      <div className="card-grid">
        {Array.from({ length: cards }, (_, i) => (
          <div key={i} className="card h-56">
            <div className="flex items-center gap-3">
              <span className="skeleton size-10 rounded-full" />
              <span className="skeleton h-5 w-1/2" />
            </div>
            <span className="skeleton h-4 w-full" />
            <span className="skeleton h-4 w-2/3" />
          </div>
        ))}
      </div>
    </div>
  );
}

export function PanelSkeleton() {
  return (
    <div aria-hidden className="panel h-124 p-5">
      <RowsSkeleton rows={6} />
    </div>
  );
}

export function PageSkeleton() {
  return (
    <div aria-hidden className="space-y-6">
      <span className="skeleton block h-9 w-64 max-w-full" />
      <span className="skeleton block h-5 w-96 max-w-full" />
      <RowsSkeleton />
    </div>
  );
}
