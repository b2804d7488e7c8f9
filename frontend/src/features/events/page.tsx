import "./i18n";

import { getRouteApi } from "@tanstack/react-router";
import { Rows2, Rows4 } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";
import { Segmented } from "@/components/ui/segmented";
import { useHub } from "@/lib/context";
import { readStored, useTimeZone, writeStored } from "@/lib/preferences";
import { useLive } from "@/lib/queries";

import { Accepted } from "./accepted";
import { Downloads } from "./list/downloads";
import { useDrawerHistory } from "./drawer/drawer-history";
import type { Density } from "./list/list-card";
import { FilterBar } from "./filters/filter-bar";
import { toEventFilters } from "./filters/filters";
import { Rejected } from "./rejected";
import { change, parseSearch } from "./search";
import { PHONE, useMedia } from "./use-media";

const DENSITY_KEY = "orderpulse.events.density";
const TOPICS = ["events"] as const;
const route = getRouteApi("/events");

export default function EventsPage() {
  const { t } = useTranslation("events");
  const hub = useHub();
  const timeZone = useTimeZone();
  const search = parseSearch({ ...route.useSearch() });
  const { onSearch, onOpen, onClose } = useDrawerHistory(search);
  const [density, setDensity] = useState<Density>(() =>
    readStored(DENSITY_KEY) === "dense" ? "dense" : "comfortable",
  );
  const field = useRef<HTMLInputElement>(null);
  const phone = useMedia(PHONE);
  const rejected = search.tab === "rejected";
  useLive({ range: "15m", tz: timeZone }, TOPICS);

  const tab = { search, onSearch, onOpen, onClose, density, phone };
  return (
    <Page
      title={t("title")}
      name={rejected ? t("list.labelRejected") : t("title")}
      {...(phone ? {} : { note: rejected ? t("noteRejected") : t("note") })}
      className="h-[calc(100dvh-7rem)] min-h-[30rem] gap-3 pb-3 lg:h-[calc(100dvh-3.5rem)] lg:pb-5"
      actions={
        <>
          <Segmented
            label={t("tabs.label")}
            value={rejected ? "rejected" : "accepted"}
            options={[
              { value: "accepted", label: t("tabs.accepted") },
              { value: "rejected", label: t("tabs.rejected") },
            ]}
            onValue={(value) =>
              onSearch(
                change(
                  {},
                  {
                    tab: value === "rejected" ? "rejected" : undefined,
                    span: search.span,
                    from: search.from,
                    to: search.to,
                  },
                ),
              )
            }
          />
          {!phone && (
            <Segmented
              label={t("density.label")}
              value={density}
              options={[
                { value: "comfortable", label: <DensityIcon icon={Rows2} label={t("density.comfortable")} /> },
                { value: "dense", label: <DensityIcon icon={Rows4} label={t("density.dense")} /> },
              ]}
              onValue={(value) => {
                setDensity(value);
                writeStored(DENSITY_KEY, value);
              }}
            />
          )}
        </>
      }
    >
      <FilterBar
        search={search}
        onSearch={onSearch}
        field={field}
        phone={phone}
        end={
          !rejected && (
            <div className="ml-auto">
              <Downloads filters={() => toEventFilters(search, hub.now(), timeZone)} />
            </div>
          )
        }
      />
      {rejected ? <Rejected {...tab} /> : <Accepted {...tab} field={field} />}
    </Page>
  );
}

function DensityIcon({ icon: Icon, label }: { readonly icon: typeof Rows2; readonly label: string }) {
  return (
    <span title={label}>
      <Icon aria-hidden className="size-4" />
      <span className="sr-only">{label}</span>
    </span>
  );
}
