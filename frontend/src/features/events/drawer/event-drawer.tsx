/** One event, and the whole journey of its order. Its id is in the URL, so it can be shared. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Drawer } from "@/components/ui/dialog";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { ApiError } from "@/lib/api";
import { keys } from "@/lib/cache";
import { cn } from "@/lib/cn";
import { useApi } from "@/lib/context";
import type { OrderJourney } from "@/lib/types";
import { askAgain, useSteadyError } from "@/lib/page/use-steady-error";

import { DrawerSkeleton, type Neighbours, Walk } from "./drawer-parts";
import { EventFacts, Outcome } from "./event-facts";
import { journeyOf } from "./journey";
import { Timeline } from "./timeline";

const isMissing = (error: Error | null) => error instanceof ApiError && error.status === 404;

/** An open order is reloaded at this interval. */
const OPEN_ORDER_MS = 3_000;

interface EventDrawerProps extends Neighbours {
  /** Undefined: the drawer is closed. */
  readonly id: string | undefined;
  readonly onClose: () => void;
  readonly onEvent: (id: string) => void;
  readonly onFilter: (filter: { readonly order: string } | { readonly user: string }) => void;
}

export function EventDrawer(props: EventDrawerProps) {
  const { t } = useTranslation("events");
  const api = useApi();
  const { id } = props;
  const [first, setFirst] = useState(id);
  if ((id === undefined) !== (first === undefined)) setFirst(id);
  const query = useQuery({
    queryKey: keys.event(id ?? ""),
    queryFn: ({ signal }) => api.getEvent(id ?? "", signal),
    enabled: id !== undefined,
    // The previous content stays until the next is loaded, so that the button keeps the focus.
    placeholderData: (previous) => (id === first ? undefined : previous),
    refetchInterval: (asked) => {
      if (isMissing(asked.state.error)) return false;
      return asked.state.data && journeyOf(asked.state.data).open ? OPEN_ORDER_MS : askAgain(asked);
    },
  });
  const error = useSteadyError(query, id);
  const order = query.data?.order_id;
  const title = order === undefined ? t("drawer.event") : t("drawer.title", { order });
  return (
    <Drawer open={id !== undefined} onClose={props.onClose} title={title}>
      {id !== undefined && (
        <DrawerBody
          {...props}
          id={id}
          data={query.data}
          dimmed={query.isPlaceholderData}
          error={error}
          onRetry={() => void query.refetch()}
        />
      )}
    </Drawer>
  );
}

interface BodyProps extends EventDrawerProps {
  readonly id: string;
  readonly data: OrderJourney | undefined;
  /** Whether the data is that of the previous row. */
  readonly dimmed: boolean;
  readonly error: Error | null;
  readonly onRetry: () => void;
}

function DrawerBody(props: BodyProps) {
  const { t } = useTranslation("events");
  const { id, data, error } = props;
  if (isMissing(error)) {
    return <EmptyState title={t("drawer.missingTitle")} text={t("drawer.missingText")} />;
  }
  if (!data && error) return <ErrorState error={error} onRetry={props.onRetry} />;
  if (!data) return <DrawerSkeleton />;
  const event = data.events.find((one) => one.id === id) ?? data.events.at(-1);
  return (
    <div
      aria-busy={props.dimmed}
      className={cn("flex flex-col gap-5 transition-opacity", props.dimmed && "opacity-60")}
    >
      <Outcome journey={journeyOf(data)} />
      <section>
        <div className="mb-1 flex items-center justify-between">
          <h3 className="text-xs font-semibold text-ink-3">{t("drawer.journey")}</h3>
          <Walk onPrevious={props.onPrevious} onNext={props.onNext} />
        </div>
        <Timeline journey={journeyOf(data)} currentId={id} onEvent={props.onEvent} />
        {data.truncated && <p className="mt-1 px-2 text-xs text-ink-3">{t("drawer.truncated")}</p>}
      </section>
      {event && <EventFacts event={event} onFilter={props.onFilter} />}
    </div>
  );
}
